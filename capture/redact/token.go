package redact

import (
	"bytes"
	"encoding/base64"
)

// isToken reports whether v has the form of a JSON Web Token in compact
// serialisation: three parts, of which the first begins with an object (RFC 7515
// section 7.1).
func isToken(v []byte) bool {
	return bytes.HasPrefix(v, []byte("eyJ")) && bytes.Count(v, []byte(".")) == 2
}

// bareSignature is the length of an HMAC-SHA256 in base64; a token without a
// signature gets one of it, to bear the mark.
const bareSignature = 43

// token returns a token of which the claims are pseudonyms, or nil where v is
// not a token after all.
func (d *drawer) token(v []byte, depth int) []byte {
	parts := bytes.SplitN(v, []byte("."), 3)
	enc := base64.RawURLEncoding
	head, err := enc.AppendDecode(nil, bytes.TrimRight(parts[0], "="))
	if err != nil || !looksJSON(head) {
		return nil
	}
	claims, err := enc.AppendDecode(nil, bytes.TrimRight(parts[1], "="))
	if err != nil || !looksJSON(claims) {
		return nil
	}
	out := enc.AppendEncode(nil, d.claims(head, keptParameters, depth))
	out = append(out, '.')
	out = enc.AppendEncode(out, d.claims(claims, keptClaims, depth))
	out = append(out, '.')
	signature := parts[2]
	if (form{}).count(signature) < checks(12) {
		signature = bytes.Repeat([]byte("a"), bareSignature)
	}
	d.seed(v)
	out = d.draw(out, signature, form{}, 0)
	form{}.seal(out)
	return out
}

// Header parameters that say how a token is made (RFC 7515 section 4.1), and
// claims that are times (RFC 7519 section 4.1, OpenID Connect Core section 2).
var (
	keptParameters = map[string]bool{"alg": true, "typ": true, "cty": true, "enc": true, "zip": true, "crit": true, "b64": true}
	keptClaims     = map[string]bool{"exp": true, "iat": true, "nbf": true, "auth_time": true}
)

// claims replaces every string and number of the object but those of the kept
// members.
func (d *drawer) claims(v []byte, kept map[string]bool, depth int) []byte {
	ed := editor{src: v}
	var s lexer
	open, keep := 0, false
	for t := s.next(v); t.kind != lexEnd; t = s.next(v) {
		switch t.kind {
		case lexOpen:
			open++
		case lexClose:
			open--
		case lexKey:
			if open == 1 {
				keep = kept[string(v[t.from:t.to])]
			}
		case lexString, lexNumber, lexOther:
			if !keep {
				ed.replace(t.from, t.to, d.claim(v[t.from:t.to], t, depth))
			}
		}
	}
	if out := ed.result(); out != nil {
		return out
	}
	return v
}

func (d *drawer) claim(raw []byte, t lexeme, depth int) []byte {
	if len(raw) == 0 || t.kind == lexOther && isLiteral(raw) {
		return nil
	}
	if t.kind == lexString {
		if t.escaped {
			raw = unescape(nil, raw)
		}
		return escape(d.pseudonym(raw, depth+1))
	}
	if t.kind == lexNumber {
		n := mantissa(raw)
		return append(d.pseudonym(raw[:n], depth+1), raw[n:]...)
	}
	return d.pseudonym(raw, depth+1)
}
