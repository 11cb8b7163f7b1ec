package compare

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"twinspect.dev/diff/jsondiff"
)

// secretFields are header fields whose values are secrets and whose names do
// not say so.
var secretFields = []string{
	"authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2",
	"authentication-info", "proxy-authentication-info", "x-amz-signature", "x-jwt-assertion", "x-goog-iap-jwt-assertion",
}

func isSecretField(name string) bool {
	return slices.Contains(secretFields, name) || isSecretName(name)
}

// secretNames are whole names of secrets, secretEndings their ends; both in
// lower case and with letters alone.
var (
	secretNames   = []string{"pwd", "pass", "pin", "otp", "cvv", "cvc", "jwt", "auth", "bearer", "cookie", "credentials", "sessionid", "sid", "codeverifier"}
	secretEndings = []string{"password", "passwd", "passphrase", "secret", "token", "authorization", "apikey", "accesskey", "secretkey", "privatekey", "signingkey", "signature", "credential"}
)

// isSecretName reports whether a member, field or parameter of that name holds a
// secret. "refresh_token", "refreshToken" and "Refresh-Token" are the same.
func isSecretName(name string) bool {
	if len(name) > 64 {
		name = name[len(name)-64:]
	}
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, name)
	ends := func(ending string) bool { return strings.HasSuffix(plain, ending) }
	return slices.Contains(secretNames, plain) || slices.ContainsFunc(secretEndings, ends)
}

// isSecretPath reports whether a value is a secret, or lies in one.
func isSecretPath(p jsondiff.Path) bool {
	return slices.ContainsFunc(p, func(s jsondiff.Step) bool { return s.Index < 0 && isSecretName(s.Name) })
}

// secretText is a form in which secrets stand in running text.
type secretText struct {
	pattern *regexp.Regexp // its last group is the secret
	// hint is what every match holds one of.
	hint hint
}

// hint is a set of the words that give secrets away.
type hint uint8

const (
	schemeWord hint = 1 << iota // bearer, negotiate
	basicWord
	tokenStart // eyJ
	userPart   // ://
	secretWord // password and the like
	anyHint    = schemeWord | basicWord | tokenStart | userPart | secretWord
)

// hintWords are the words, by their first letters in lower case.
var hintWords = map[byte][]struct {
	word string
	hint hint
}{
	'b': {{"bearer", schemeWord}, {"basic", basicWord}},
	'n': {{"negotiate", schemeWord}},
	'e': {{"eyj", tokenStart}},
	':': {{"://", userPart}},
	'p': {{"password", secretWord}, {"passwd", secretWord}, {"pwd", secretWord}},
	's': {{"secret", secretWord}, {"signature", secretWord}},
	't': {{"token", secretWord}},
	'a': {{"api", secretWord}, {"authorization", secretWord}},
}

// hintsOf returns what s holds of the words, in any case. Beyond ASCII there are
// other characters that fold to these letters, so that such a text may hold all.
func hintsOf(s string) hint {
	var found hint
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return anyHint
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if !startsHint[c] {
			continue
		}
		for _, w := range hintWords[c] {
			if len(s)-i >= len(w.word) && strings.EqualFold(s[i:i+len(w.word)], w.word) {
				found |= w.hint
			}
		}
	}
	return found
}

// startsHint tells the first letters of the words.
var startsHint = func() (table [utf8.RuneSelf]bool) {
	for c := range hintWords {
		table[c] = true
	}
	return table
}()

// secretTexts are looked for one after the other.
var secretTexts = []secretText{
	// A scheme of Authorization and its credentials.
	{regexp.MustCompile(`(?i)\b(bearer|negotiate)(?: |\+|%20)+([A-Za-z0-9._~+/=-]{6,})`), schemeWord},
	{regexp.MustCompile(`(?i)\b(basic) +([A-Za-z0-9+/]{4,}={1,2}|[A-Za-z0-9+/]{20,})`), basicWord},
	// A JSON Web Token, cut short or not.
	{regexp.MustCompile(`\b()(eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2})`), tokenStart},
	// User and password of a URL.
	{regexp.MustCompile(`(://)([^/\s"'<>@:]*:[^/\s"'<>@]+)@`), userPart},
	// A named value: of a query, a form, a JSON text or XML that is not read as
	// such.
	{regexp.MustCompile(`(?i)([\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|signature)\\?["']?\s*(?:[:=>]|%3D)\s*\\?["']?(?:(?:bearer|basic|digest|negotiate|token)\s+)?)([^\s"'&;,<>\\]+)`), secretWord},
	// The value of an element that is named as a secret, or of a part of a
	// multipart body, in a text that is not read as such.
	{regexp.MustCompile(`(?i)(\b(?:name|key|id|property|type)=["']?[\w.:-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|signature)["']?\s[^<>]*?\b(?:value|content)=["']?)([^\s"'<>]+)`), secretWord},
	{regexp.MustCompile(`(?i)(;\s*name="?[\w.:-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|signature)"?[^\n]*\n(?:[^\r\n]+\n)*\r?\n)([^\r\n]+)`), secretWord},
}
