// Package token gets tokens, such as those that stand in Authorization, and keeps
// them fresh: from a text, a file, a command or a token endpoint of OAuth 2.0.
package token

import (
	"fmt"
	"io"
	"time"
)

// MaxSize bounds a token in bytes. Servers refuse fields of more than 8 to 64 KiB.
const MaxSize = 64 << 10

// refreshEarly is how long before its end a token is replaced: longer than a
// request is under way, with something for clocks that differ. Of a short life
// it is a fifth.
const refreshEarly = time.Minute

// Token is a text that proves who asks. It is not changed once it was made. However
// it is printed, the text does not show.
type Token struct {
	Value   string
	Fetched time.Time
	// Refresh is when it is replaced, Expires when it is of no use any more; zero:
	// never, or not known.
	Refresh, Expires time.Time
}

// New returns a token of the given life; 0 is for ever.
func New(value string, now time.Time, life time.Duration) *Token {
	t := &Token{Value: value, Fetched: now}
	if life > 0 {
		t.Expires = now.Add(life)
		t.Refresh = t.Expires.Add(-min(refreshEarly, life/5))
	}
	return t
}

// Format implements [fmt.Formatter] without the token's value.
func (t Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[token]") }

// MarshalText gives as little, for those who print by way of it.
func (t Token) MarshalText() ([]byte, error) { return []byte("[token]"), nil }

func (t *Token) due(now time.Time) bool { return !t.Refresh.IsZero() && !now.Before(t.Refresh) }
func (t *Token) expired(now time.Time) bool {
	return !t.Expires.IsZero() && !now.Before(t.Expires)
}

// IsValid reports whether the text can be a token: it can stand in a header field,
// is not empty and not longer than [MaxSize].
func IsValid(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7F {
			return false
		}
	}
	return s != "" && len(s) <= MaxSize
}
