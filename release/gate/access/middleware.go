package access

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/release"
)

// challenge is the scheme that the gate asks for. Basic is asked for besides where a
// person opens a page: the browser then asks for the token as the password. As it sends
// that along from other sites' pages too, what changes anything must be protected from
// those (see [http.CrossOriginProtection]).
const (
	challenge     = `Bearer realm="twinspect"`
	pageChallenge = `Basic realm="twinspect", charset="UTF-8"`
)

// Middleware lets requests to next that are somebody's, with who in their context:
//
//   - 400 or 401 with WWW-Authenticate (RFC 6750, section 3) where they are nobody's
//   - 403 where a browser asks for the page of another site
//   - 413 where the body is larger than the limit; one that turns out to be gives next
//     an [http.MaxBytesError]
//   - 429 with Retry-After (RFC 6585, section 4) where there are too many
//
// What may be done is for next to check, by [Identity.Check]. Answers
// to what was refused are problems of RFC 9457.
func (k *Keeper) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, now, from := k.state.Load(), time.Now(), addressOf(r)
		id, no := s.config.authenticate(r, from, now)
		wait, first := s.meters.take(id, no != refusal{}, from, now)
		switch body := s.config.limits.Body; {
		case wait > 0:
			if first {
				k.refuse(r, id, from, now, "limit", "too many requests")
			}
			tooMany(w, wait)
		case no != refusal{}:
			k.refuse(r, id, from, now, "authenticate", no.reason)
			unauthorized(w, r, no)
		case crossSite(r):
			k.refuse(r, id, from, now, "authenticate", "the page of another site asked")
			problem(w, http.StatusForbidden, "the page of another site asked")
		case r.ContentLength > body:
			k.refuse(r, id, from, now, "limit", fmt.Sprintf("a body of %d bytes", r.ContentLength))
			w.Header().Set("Connection", "close")
			problem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request has %d bytes, more than %d", r.ContentLength, body))
		default:
			r = r.WithContext(With(r.Context(), id))
			r.Body = http.MaxBytesReader(w, r.Body, body)
			next.ServeHTTP(w, r)
		}
	})
}

// crossSite reports whether a browser asks for the page of another site, and not because
// a person follows a link (https://www.w3.org/TR/fetch-metadata/).
func crossSite(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

func (k *Keeper) refuse(r *http.Request, id Identity, from netip.Addr, now time.Time, action, why string) {
	k.audit(release.AuditEntry{At: now, Who: id.Name, Action: action, Refused: true, Detail: describe(r, from, why)})
}

// describe says which request it was. The query is left out: it may hold a secret.
func describe(r *http.Request, from netip.Addr, why string) string {
	where := "an unknown address"
	if from.IsValid() {
		where = from.String()
	}
	return fmt.Sprintf("%s: %s %s from %s", why, clean(r.Method), clean(r.URL.Path), where)
}

// Challenge is the WWW-Authenticate header that names the scope that is needed (RFC
// 6750, section 3.1).
func (f *Forbidden) Challenge() string {
	return challenge + `, error="insufficient_scope", scope="` + scopeOf(f.Action, f.Service) + `"`
}

// scopeOf names a scope in the letters that RFC 6750, section 3, allows.
func scopeOf(a Action, service string) string {
	if service == "" {
		service = "*"
	}
	return string(a) + ":" + strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, clean(service))
}

func unauthorized(w http.ResponseWriter, r *http.Request, no refusal) {
	header := challenge
	if no.code != "" {
		header += fmt.Sprintf(`, error=%q, error_description=%q`, no.code, no.reason)
	}
	w.Header().Set("WWW-Authenticate", header)
	if r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Add("WWW-Authenticate", pageChallenge)
	}
	problem(w, no.status, no.reason)
}

func tooMany(w http.ResponseWriter, wait time.Duration) {
	seconds := int64(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	problem(w, http.StatusTooManyRequests, fmt.Sprintf("too many requests; come again in %d s", seconds))
}

// problem answers with a problem of RFC 9457. That a client went away before it read it
// is nobody's concern.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}
