package redact

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// field replaces the secrets of one header field.
func (p *pass) field(name, value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	v := p.verdict(inHeader, name)
	switch {
	case v == kept:
		return nil
	case isName(name, "Cookie"):
		return p.cookies(value, v == redacted)
	case isName(name, "Set-Cookie"):
		return p.setCookie(value, v == redacted)
	case v == redacted:
		return p.credentials(value)
	}
	return p.value(value)
}

func isName(name []byte, want string) bool {
	return len(name) == len(want) && bytes.EqualFold(name, []byte(want))
}

// cookies replaces the values of a Cookie field (RFC 6265 section 4.2.1).
func (p *pass) cookies(v []byte, all bool) []byte {
	ed := editor{src: v}
	for from := 0; from < len(v); {
		to := len(v)
		if i := bytes.IndexByte(v[from:], ';'); i >= 0 {
			to = from + i
		}
		p.cookie(&ed, from, to, all)
		from = to + 1
	}
	return ed.result()
}

// setCookie replaces the value of a Set-Cookie field; of its attributes the
// detectors decide (RFC 6265 section 4.1.1).
func (p *pass) setCookie(v []byte, all bool) []byte {
	ed := editor{src: v}
	end := len(v)
	if i := bytes.IndexByte(v, ';'); i >= 0 {
		end = i
	}
	p.cookie(&ed, 0, end, all)
	ed.replace(end, len(v), p.text(v[end:]))
	return ed.result()
}

// cookie replaces the value of the pair that is at from.
func (p *pass) cookie(ed *editor, from, to int, all bool) {
	v := ed.src
	for from < to && (v[from] == ' ' || v[from] == '\t') {
		from++
	}
	name := v[from:to]
	if i := bytes.IndexByte(v[from:to], '='); i >= 0 {
		name, from = v[from:from+i], from+i+1
	}
	for from < to && (v[to-1] == ' ' || v[to-1] == '\t') {
		to--
	}
	if to-from > 1 && v[from] == '"' && v[to-1] == '"' {
		from, to = from+1, to-1
	}
	if from >= to {
		return
	}
	f := p.value
	switch verdict := p.verdict(inCookie, name); {
	case verdict == kept:
		return
	case all || verdict == redacted:
		f = p.named
	}
	ed.replace(from, to, p.encoded(v[from:to], false, f))
}

// schemes are those whose name may stand before credentials (IANA's registry of
// HTTP authentication schemes, and common ones beside it). Another first word
// may be a part of the secret.
var schemes = map[string]bool{
	"basic": true, "bearer": true, "concealed": true, "digest": true, "dpop": true, "gnap": true, "hoba": true, "mutual": true,
	"negotiate": true, "ntlm": true, "oauth": true, "privatetoken": true, "scram-sha-1": true, "scram-sha-256": true, "vapid": true,
	"apikey": true, "aws4-hmac-sha256": true, "hawk": true, "jwt": true, "key": true, "signature": true, "token": true, "sharedkey": true,
}

// plainParameters of credentials are how, not who (RFC 7616 section 3.4).
var plainParameters = map[string]bool{"algorithm": true, "qop": true, "nc": true, "realm": true, "signedheaders": true, "userhash": true}

// credentials replaces what proves who asks, and keeps the scheme (RFC 9110
// section 11.4).
func (p *pass) credentials(v []byte) []byte {
	i := bytes.IndexByte(v, ' ')
	if i < 0 || !schemes[strings.ToLower(string(v[:i]))] {
		return p.named(v)
	}
	rest := i + len(v[i:]) - len(bytes.TrimLeft(v[i:], " "))
	if rest == len(v) {
		return nil
	}
	ed := editor{src: v}
	switch eq := bytes.IndexByte(v[rest:], '='); {
	case bytes.EqualFold(v[:i], []byte("basic")):
		ed.replace(rest, len(v), p.basic(v[rest:]))
	case eq > 0 && len(bytes.TrimRight(v[rest+eq:], "= ")) > 0:
		p.parameters(&ed, rest)
	default:
		ed.replace(rest, len(v), p.named(v[rest:]))
	}
	return ed.result()
}

// basic replaces the name and the password (RFC 7617 section 2).
func (p *pass) basic(v []byte) []byte {
	enc := base64.StdEncoding
	if len(v)%4 != 0 {
		enc = base64.RawStdEncoding
	}
	pair, err := enc.AppendDecode(nil, v)
	colon := bytes.IndexByte(pair, ':')
	if err != nil || colon < 0 {
		return p.named(v)
	}
	ed := editor{src: pair}
	ed.replace(0, colon, p.named(pair[:colon]))
	ed.replace(colon+1, len(pair), p.named(pair[colon+1:]))
	out := ed.result()
	if out == nil {
		return nil
	}
	p.follow(v, enc.AppendEncode(nil, out))
	return enc.AppendEncode(nil, out)
}

// parameters replaces the values of a list of name=value from i on.
func (p *pass) parameters(ed *editor, i int) {
	v := ed.src
	for i < len(v) {
		eq := bytes.IndexByte(v[i:], '=')
		if eq < 0 {
			ed.replace(i, len(v), p.named(v[i:]))
			return
		}
		name := bytes.ToLower(bytes.Trim(v[i:i+eq], ", "))
		from := i + eq + 1
		to, next := parameterEnd(v, &from)
		if to > from && !plainParameters[string(name)] {
			ed.replace(from, to, p.named(v[from:to]))
		}
		i = next
	}
}

// parameterEnd returns where a value ends, quoted or not, and what follows it.
func parameterEnd(v []byte, from *int) (to, next int) {
	if *from < len(v) && v[*from] == '"' {
		*from++
		for to = *from; to < len(v) && v[to] != '"'; to++ {
			if v[to] == '\\' && to+1 < len(v) {
				to++
			}
		}
		return to, min(to+1, len(v))
	}
	for to = *from; to < len(v) && v[to] != ','; to++ {
	}
	return to, min(to+1, len(v))
}
