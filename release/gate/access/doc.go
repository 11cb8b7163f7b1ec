// Package access says who may do what at the gate, and bounds how often.
//
// A file in the form of the project's rule files names the tokens, the clients by the
// names in their certificates, and what may be done without either:
//
//	version: 1
//	tokens:
//	  - name: shop-pipeline
//	    hash: sha256:…            # of the token, as New gives it; the token is nowhere
//	    expires: 2027-01-31       # optional: the day from which on it does not hold
//	    scopes:
//	      - services: [catalog, "shop-*"]
//	        may: [ask, push, announce]
//	clients:
//	  - name: spiffe://cluster.local/ns/flagger-system/sa/flagger   # SAN, or CN where there is none
//	    scopes: [{services: "*", may: ask}]
//	anonymous:
//	  - from: [127.0.0.0/8, "::1"]  # the address of the connection; no header is trusted
//	    services: "*"
//	    may: [ask, read]
//	limits:
//	  identity: 1000              # requests a second of one identity
//	  total: 2000                 # of all together
//	  body: 64                    # MiB of a request
//
// A token comes as "Authorization: Bearer TOKEN" (RFC 6750), or as the password of
// "Authorization: Basic", whatever the user: Flagger's webhooks have no headers of their
// own, but a URL may be https://gate:TOKEN@host/. No token and no hash stands in any
// error, answer or entry of the audit.
package access
