package access

import (
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// refusal is why a request is nobody's. The zero refusal is none.
type refusal struct {
	status int
	// code is that of RFC 6750, section 3.1, "" where nothing was shown.
	code   string
	reason string
}

var (
	nothingShown = refusal{http.StatusUnauthorized, "", "a token or a client certificate that the gate knows is needed"}
	unknownToken = refusal{http.StatusUnauthorized, "invalid_token", "the token is not known"}
	expiredToken = refusal{http.StatusUnauthorized, "invalid_token", "the token has expired"}
	expiredName  = refusal{http.StatusUnauthorized, "", "what the client of this certificate may do has expired"}
	twoHeaders   = refusal{http.StatusBadRequest, "invalid_request", "there is more than one Authorization header"}
	otherScheme  = refusal{http.StatusUnauthorized, "invalid_request", "the Authorization header is Bearer and a token, or Basic with the token as the password"}
)

// authenticate returns who asks. A token that is shown counts alone: where it is wrong
// neither the certificate nor the address makes up for it.
func (c *Config) authenticate(r *http.Request, from netip.Addr, now time.Time) (Identity, refusal) {
	switch headers := r.Header["Authorization"]; len(headers) {
	case 0:
	case 1:
		return c.byToken(headers[0], now)
	default:
		return Identity{}, twoHeaders
	}
	if id, ok := c.byCertificate(r); ok {
		if id.isExpired(now) {
			return Identity{}, expiredName
		}
		return id, refusal{}
	}
	if id, ok := c.byAddress(from); ok {
		return id, refusal{}
	}
	return Identity{}, nothingShown
}

func (c *Config) byToken(header string, now time.Time) (Identity, refusal) {
	token, ok := credential(header)
	if !ok {
		return Identity{}, otherScheme
	}
	i := find(c.hashes, token)
	if i < 0 {
		return Identity{}, unknownToken
	}
	if c.tokens[i].isExpired(now) {
		return Identity{}, expiredToken
	}
	return c.tokens[i], refusal{}
}

// credential returns the token of a header. Schemes are named in any case (RFC 9110,
// section 11.1).
func credential(header string) (token string, ok bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	rest = strings.Trim(rest, " ")
	switch strings.ToLower(scheme) {
	case "bearer":
		return rest, rest != ""
	case "basic":
		if len(rest) > 4*maxToken {
			return "", false
		}
		pair, err := base64.StdEncoding.DecodeString(rest)
		_, password, found := strings.Cut(string(pair), ":")
		return password, err == nil && found
	}
	return "", false
}

func (i Identity) isExpired(now time.Time) bool { return !i.expires.IsZero() && !now.Before(i.expires) }

// byCertificate looks the names of a certificate up, which the server verified.
func (c *Config) byCertificate(r *http.Request) (Identity, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return Identity{}, false
	}
	known := namesOf(r.TLS.VerifiedChains[0][0])
	i := slices.IndexFunc(c.clients, func(id Identity) bool { return slices.Contains(known, id.Name) })
	if i < 0 {
		return Identity{}, false
	}
	return c.clients[i], true
}

// namesOf returns the subject's alternative names, and the common name only where there
// are none (RFC 9525, section 2: the common name is not checked by all who sign).
func namesOf(cert *x509.Certificate) []string {
	names := slices.Concat(cert.DNSNames, cert.EmailAddresses)
	for _, u := range cert.URIs {
		names = append(names, u.String())
	}
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 && cert.Subject.CommonName != "" {
		names = append(names, cert.Subject.CommonName)
	}
	return names
}

func (c *Config) byAddress(from netip.Addr) (Identity, bool) {
	id := Identity{Name: anonymous, Kind: Anonymous}
	for _, o := range c.anonymous {
		if slices.ContainsFunc(o.from, func(p netip.Prefix) bool { return p.Contains(from) }) {
			id.scopes = append(id.scopes, o.scope)
		}
	}
	return id, len(id.scopes) > 0
}

// addressOf is that of the connection, the zero address where it is none.
func addressOf(r *http.Request) netip.Addr {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
