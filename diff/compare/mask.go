package compare

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	// maxValue is how many bytes of a value are shown.
	maxValue = 512
	// maxMasked is how many bytes of a value are looked at for secrets: what is
	// shown, and enough behind it to see a secret that begins there.
	maxMasked = 8 * maxValue
)

// processKey is the key of every masker of the process, so that the answers of
// all sides and all workers are masked alike. It is never stored.
var processKey = sync.OnceValue(func() (key [32]byte) {
	rand.Read(key[:]) // never fails since Go 1.24
	return key
})

// masker replaces secrets by pseudonyms: other characters that are derived from
// the secret and a key by HMAC-SHA-256. Equal secrets get equal pseudonyms.
// Different ones get different ones, unless they are so short that there are
// few. Length, punctuation and the kind of each character (digit, hexadecimal
// digit, lower and upper case) stay, so that the class of the value can still be
// told.
//
// It is not for concurrent use.
type masker struct {
	mac  hash.Hash
	bare bool // replaces nothing
}

func newMasker(key [32]byte) *masker { return &masker{mac: hmac.New(sha256.New, key[:])} }

// field returns the value of a header field as it may be shown.
func (m *masker) field(value string, secret bool) string {
	if secret && !m.bare {
		scheme, rest, found := strings.Cut(value, " ")
		if found && isScheme(scheme) {
			return clip(scheme+" "+m.pseudonym(rest), len(value))
		}
		return clip(m.pseudonym(value), len(value))
	}
	return m.text([]byte(value))
}

func isScheme(s string) bool {
	switch strings.ToLower(s) {
	case "bearer", "basic", "digest", "negotiate", "token":
		return true
	}
	return false
}

// text returns running text as it may be shown.
func (m *masker) text(value []byte) string {
	return clip(m.inText(string(value[:min(len(value), maxMasked)])), len(value))
}

// document returns a JSON text as it may be shown.
func (m *masker) document(value []byte, secret bool) string {
	if value == nil {
		return ""
	}
	if m.bare {
		return m.text(value)
	}
	masked := jsonMasker{m: m, src: value[:min(len(value), maxMasked)], full: value}
	return clip(masked.run(secret), len(value))
}

// inText replaces the secrets that give themselves away in running text.
func (m *masker) inText(s string) string {
	if m.bare {
		return s
	}
	hints := hintsOf(s)
	for _, secret := range secretTexts {
		if hints&secret.hint == 0 {
			continue
		}
		at := secret.pattern.FindAllStringSubmatchIndex(s, -1)
		for i := len(at) - 1; i >= 0; i-- {
			first, last := at[i][4], at[i][5]
			if isLiteral(s[first:last]) {
				continue
			}
			s = s[:first] + m.pseudonym(s[first:last]) + s[last:]
		}
	}
	return s
}

// isLiteral reports whether s is a word that is no secret, but says that there
// is none.
func isLiteral(s string) bool { return s == "null" || s == "true" || s == "false" }

// pseudonym returns other characters of the same kinds for as much of s as can
// be shown. The first part of a JSON Web Token, which says no more than how it
// is signed, stays.
func (m *masker) pseudonym(s string) string {
	stream := m.stream(s)
	shown := cut(s, maxMasked)
	var b strings.Builder
	if header, rest, found := strings.Cut(shown, "."); found && strings.HasPrefix(header, "eyJ") {
		b.WriteString(header + ".")
		shown = rest
	}
	for shown != "" {
		n := 0
		for n < len(shown) && isAlphanumeric(shown[n]) {
			n++
		}
		for i := range n {
			b.WriteByte(stream.like(shown[i], isHex(shown[:n])))
		}
		shown = shown[n:]
		r, size := utf8.DecodeRuneInString(shown)
		switch {
		case size == 0:
		case r < utf8.RuneSelf:
			b.WriteByte(byte(r))
		default:
			b.WriteByte(stream.like('a', false))
		}
		shown = shown[size:]
	}
	return b.String()
}

// number returns other digits for those of a JSON number. It stays one.
func (m *masker) number(s string) string {
	stream := m.stream(s)
	b := []byte(cut(s, maxMasked))
	for i, c := range b {
		switch {
		case c < '0' || c > '9':
		case i == 0 || b[i-1] == '-': // a leading 0 must stay, no other may come
			if c != '0' {
				b[i] = '1' + stream.next()%9
			}
		default:
			b[i] = stream.like(c, false)
		}
	}
	return string(b)
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// stream is the random bytes that belong to one secret.
type stream struct {
	m     *masker
	seed  [sha256.Size]byte
	block [sha256.Size]byte
	n     uint64
}

func (m *masker) stream(secret string) *stream {
	s := &stream{m: m}
	m.mac.Reset()
	m.mac.Write([]byte(secret))
	m.mac.Sum(s.seed[:0])
	return s
}

func (s *stream) next() byte {
	at := s.n % sha256.Size
	if at == 0 {
		s.m.mac.Reset()
		s.m.mac.Write(s.seed[:])
		s.m.mac.Write(binary.BigEndian.AppendUint64(nil, s.n))
		s.m.mac.Sum(s.block[:0])
	}
	s.n++
	return s.block[at]
}

// like returns a character of the kind of c; of a run of hexadecimal digits with
// hex.
func (s *stream) like(c byte, hex bool) byte {
	letters := byte(26)
	if hex {
		letters = 6
	}
	switch r := s.next(); {
	case c <= '9':
		return '0' + r%10
	case c >= 'a':
		return 'a' + r%letters
	default:
		return 'A' + r%letters
	}
}

// cut returns the longest beginning of s that has at most n bytes and does not
// end inside of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// clip returns a text as it is shown: valid UTF-8, and cut to maxValue bytes
// with the length of the whole value behind.
func clip(s string, total int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if len(s) <= maxValue && total <= maxMasked {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", cut(s, maxValue), total)
}
