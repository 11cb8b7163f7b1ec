package compare

import (
	"regexp"
	"slices"
	"strings"

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

// Secrets in running text, the last group each.
var secretTexts = []*regexp.Regexp{
	// A scheme of Authorization and its credentials.
	regexp.MustCompile(`(?i)\b(bearer|negotiate)(?: |\+|%20)+([A-Za-z0-9._~+/=-]{6,})`),
	regexp.MustCompile(`(?i)\b(basic) +([A-Za-z0-9+/]{4,}={1,2}|[A-Za-z0-9+/]{20,})`),
	// A JSON Web Token, cut short or not.
	regexp.MustCompile(`\b()(eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2})`),
	// User and password of a URL.
	regexp.MustCompile(`(://)([^/\s"'<>@:]*:[^/\s"'<>@]+)@`),
	// A named value: of a query, a form, a JSON text or XML that is not read as
	// such.
	regexp.MustCompile(`(?i)([\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|signature)\\?["']?\s*(?:[:=>]|%3D)\s*\\?["']?(?:(?:bearer|basic|digest|negotiate|token)\s+)?)([^\s"'&;,<>\\]+)`),
	// The value of an element that is named as a secret, or of a part of a
	// multipart body, in a text that is not read as such.
	regexp.MustCompile(`(?i)(\b(?:name|key|id|property|type)=["']?[\w.:-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|signature)["']?\s[^<>]*?\b(?:value|content)=["']?)([^\s"'<>]+)`),
	regexp.MustCompile(`(?i)(;\s*name="?[\w.:-]*(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|signature)"?[^\n]*\n(?:[^\r\n]+\n)*\r?\n)([^\r\n]+)`),
}
