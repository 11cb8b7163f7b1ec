// Package credentials proves to a provider who asks, in the way that each operation
// of an OpenAPI document wants.
//
// What there is for a security scheme is said on the command line, as
// SCHEME=env:NAME, SCHEME=file:PATH or SCHEME=command:LINE, or in a file:
//
//	version: 1
//	schemes:
//	  bearerAuth:
//	    env: SHOP_TOKEN                       # a variable of the environment
//	  basicAuth:
//	    value: "ada:${ADA_PASSWORD}"          # user and password
//	  apiKey:
//	    file: /run/secrets/key                # read again each minute
//	  cloud:
//	    command: {line: gcloud auth print-access-token, timeout: 10s, refresh: 10m}
//	  session:
//	    login:
//	      operation: POST /login              # or method: POST and path: /login
//	      body: {user: ada, password: "${ADA_PASSWORD}"}   # or form: {...}
//	      headers: {X-Tenant: shop}
//	      token: $.token                      # or token-header: NAME, token-cookie: NAME
//	      every: 10m                          # and after an answer 401
//	  oauth:
//	    oauth2: {client-id: ci, client-secret: "${SECRET}", token-url: "https://…", scopes: [a], audience: b}
//
// In texts, ${NAME} stands for a variable of the environment. Where oauth2 says
// nothing of them, token URL and scopes are those of the document. What is said on
// the command line replaces what the file says of the scheme.
//
// Of the alternatives that an operation allows, the cheapest is used for which
// everything is at hand: what is given before a command, that before a token
// endpoint, that before a login. A client's certificate (mutualTLS) is the sender's
// matter. A request that may go without credentials gets some where there are some.
//
// Wrong credentials have the form of the right ones, so that they are refused for
// what they are: length, alphabet and separators of a token, the claims of a JSON Web
// Token with another signature, the user with another password. They are the same in
// each run, and nothing can be told from them of the secret but that form.
//
// No secret is in an error, nor in what a [Store] prints as.
package credentials
