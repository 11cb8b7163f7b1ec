package rewrite

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"twinspect.dev/capture"
	"twinspect.dev/capture/jsonquery"
	"twinspect.dev/replay/token"
)

// defaultLife is how long a token of given claims is valid.
const defaultLife = 10 * time.Minute

// signer signs JSON Web Tokens (RFC 7519).
type signer struct {
	method  jwt.SigningMethod
	keyFile string
	keyID   string        // "": that of the recorded token
	claims  []byte        // a JSON object; nil: those of the recorded token
	life    time.Duration // 0: that of the recorded token

	load   sync.Once
	key    any
	keyErr error

	mu    sync.Mutex
	cache map[resigned]string
}

// resigned is a recorded token and by how much its times are moved.
type resigned struct {
	token string
	by    int64 // seconds
	at    int64 // the second of signing where the life is given, else 0
}

// maxResigned bounds the cache, which spares signing where the recorded times are
// kept and so the shift is the same: a thousand users at 1 KiB a token.
const maxResigned = 1024

// ready reads the key, once.
func (s *signer) ready() error {
	s.load.Do(func() {
		s.key, s.keyErr = readKey(s.method, s.keyFile)
		if s.keyErr == nil {
			_, err := s.method.Sign("probe", s.key)
			s.keyErr = err
		}
		if s.keyErr != nil {
			s.keyErr = fmt.Errorf("key for %s: %w", s.method.Alg(), s.keyErr)
		}
	})
	return s.keyErr
}

func readKey(method jwt.SigningMethod, path string) (any, error) {
	data, err := token.ReadFile(path)
	if err != nil {
		return nil, err
	}
	switch method.(type) {
	case *jwt.SigningMethodHMAC:
		if data = bytes.TrimRight(data, "\r\n"); len(data) == 0 {
			return nil, errors.New("the file is empty")
		}
		return data, nil
	case *jwt.SigningMethodECDSA:
		return jwt.ParseECPrivateKeyFromPEM(data)
	case *jwt.SigningMethodEd25519:
		return jwt.ParseEdPrivateKeyFromPEM(data)
	}
	return jwt.ParseRSAPrivateKeyFromPEM(data)
}

// Fetch signs the given claims, with the times of now.
func (s *signer) Fetch(_ context.Context, now time.Time) (*token.Token, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(s.claims, &given); err != nil {
		return nil, fmt.Errorf("read claims: %w", err)
	}
	claims := s.claims
	for _, c := range []struct {
		name string
		at   time.Time
	}{{"exp", now.Add(s.life)}, {"iat", now}} {
		if _, ok := given[c.name]; !ok {
			claims = withMember(claims, c.name, fmt.Appendf(nil, "%d", c.at.Unix()))
		}
	}
	header := []byte(`{"alg":"` + s.method.Alg() + `","typ":"JWT"}`)
	if s.keyID != "" {
		header = withMember(header, "kid", appendQuoted(nil, s.keyID))
	}
	value, err := s.sign(header, claims)
	if err != nil {
		return nil, err
	}
	return token.New(value, now, s.life), nil
}

// withMember adds a member in front of a JSON object that lacks it.
func withMember(object []byte, name string, value []byte) []byte {
	open := bytes.IndexByte(object, '{') + 1
	with := append(append(appendQuoted(nil, name), ':'), value...)
	if rest := bytes.TrimSpace(object[open:]); len(rest) > 0 && rest[0] != '}' {
		with = append(with, ',')
	}
	return apply(object, []splice{{open, open, with}})
}

func (s *signer) sign(header, claims []byte) (string, error) {
	enc := base64.RawURLEncoding
	text := enc.EncodeToString(header) + "." + enc.EncodeToString(claims)
	signature, err := s.method.Sign(text, s.key)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return text + "." + enc.EncodeToString(signature), nil
}

// resign signs the claims of a recorded token anew, its times moved by as much.
func (s *signer) resign(recorded string, by time.Duration, now time.Time) (string, capture.Reason, error) {
	if err := s.ready(); err != nil {
		return "", "", err
	}
	key := resigned{token: recorded, by: int64(by / time.Second)}
	if s.life > 0 {
		key.at = now.Unix()
	}
	s.mu.Lock()
	value, ok := s.cache[key]
	s.mu.Unlock()
	if ok {
		return value, "", nil
	}
	header, claims, ok := splitToken(recorded)
	if !ok {
		return "", NotToken, nil
	}
	value, err := s.sign(s.header(header), s.moved(claims, key.by, now))
	if err == nil {
		s.keep(key, value)
	}
	return value, "", err
}

func (s *signer) keep(key resigned, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cache == nil || len(s.cache) >= maxResigned {
		s.cache = make(map[resigned]string)
	}
	s.cache[key] = value
}

// header returns the recorded header with the algorithm and the key of this
// signer.
func (s *signer) header(recorded []byte) []byte {
	out := setMember(recorded, "alg", appendQuoted(nil, s.method.Alg()))
	if s.keyID != "" {
		out = setMember(out, "kid", appendQuoted(nil, s.keyID))
	}
	return out
}

// setMember sets a member of a JSON object, or adds it.
func setMember(object []byte, name string, value []byte) []byte {
	text := string(value)
	edits := []jsonEdit{{query: claimQueries[name], alter: &alter{set: &text}}}
	if out := editJSON(object, edits); out != nil {
		return out
	}
	if edits[0].left == Absent {
		return withMember(object, name, value)
	}
	return object
}

// timeClaims are the claims that are times (RFC 7519 section 4.1, OpenID Connect
// Core section 2).
var timeClaims = []string{"exp", "iat", "nbf", "auth_time"}

var claimQueries = func() map[string]*jsonquery.Query {
	queries := make(map[string]*jsonquery.Query)
	for _, name := range append([]string{"alg", "kid"}, timeClaims...) {
		q, err := jsonquery.Parse("$." + name)
		if err != nil {
			panic(err) // the names are above
		}
		queries[name] = q
	}
	return queries
}()

// moved returns the claims with their times moved by so many seconds; where the
// life is given, exp is that from now on.
func (s *signer) moved(claims []byte, by int64, now time.Time) []byte {
	var values map[string]json.RawMessage
	if json.Unmarshal(claims, &values) != nil {
		return claims
	}
	out := claims
	for _, name := range timeClaims {
		if value, ok := values[name]; ok {
			if next, ok := addSeconds(value, by); ok {
				out = setMember(out, name, next)
			}
		}
	}
	if _, ok := values["exp"]; ok && s.life > 0 {
		out = setMember(out, "exp", fmt.Appendf(nil, "%d", now.Add(s.life).Unix()))
	}
	return out
}

// splitToken returns the header and the claims of a JSON Web Token in compact
// serialisation (RFC 7515 section 7.1).
func splitToken(text string) (header, claims []byte, ok bool) {
	if !looksToken(text) {
		return nil, nil, false
	}
	parts := strings.Split(text, ".")
	enc := base64.RawURLEncoding
	header, err := enc.DecodeString(strings.TrimRight(parts[0], "="))
	if err != nil {
		return nil, nil, false
	}
	claims, err = enc.DecodeString(strings.TrimRight(parts[1], "="))
	return header, claims, err == nil && isObject(header) && isObject(claims)
}

// looksToken reports whether the text has three parts, of which the first begins
// with an object.
func looksToken(text string) bool {
	return strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2
}

func isObject(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] == '{' && json.Valid(text)
}
