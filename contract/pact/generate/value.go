package generate

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"

	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pattern"
)

const (
	// maxLength bounds a text in characters: a file that asks for more would only fill
	// memory.
	maxLength = 1 << 20
	// maxDigits bounds a decimal: the most that databases keep (MySQL has 65,
	// PostgreSQL 1000).
	maxDigits = 1000
)

// value makes a value in the place of old, which stays where none can be made.
func (m *maker) value(g *pact.Generator, old any) any {
	switch g.Type {
	case "RandomInt":
		return m.integer(g)
	case "RandomDecimal":
		return json.Number(m.decimal(g))
	case "RandomHexadecimal":
		return m.random(g, "digits", "0123456789abcdef")
	case "RandomString":
		return m.random(g, "size", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
	case "Regex":
		return m.regex(g, old)
	case "Uuid":
		return m.uuid(g)
	case "Date":
		return m.time(g, old, "yyyy-MM-dd")
	case "Time":
		return m.time(g, old, "HH:mm:ss")
	case "DateTime":
		return m.time(g, old, "yyyy-MM-dd'T'HH:mm:ss")
	case "RandomBoolean":
		return m.rng.IntN(2) == 1
	case "ProviderState":
		return m.fromState(g, old)
	case "MockServerURL":
		return m.mockURL(g, old)
	}
	m.fault(g, "it is not known here")
	return old
}

// integer makes one of min to max, 0 to 2147483647 where they are not said, as other
// implementations do.
func (m *maker) integer(g *pact.Generator) any {
	low, high := number(g.Options, "min", 0), number(g.Options, "max", 1<<31-1)
	if high < low {
		m.fault(g, "max is less than min")
		return json.Number(strconv.FormatInt(low, 10))
	}
	width := uint64(high) - uint64(low)
	if width++; width == 0 { // all of int64
		return json.Number(strconv.FormatInt(int64(m.rng.Uint64()), 10))
	}
	return json.Number(strconv.FormatInt(int64(uint64(low)+m.rng.Uint64N(width)), 10))
}

// decimal has as many digits as are asked for, one at least behind the point.
func (m *maker) decimal(g *pact.Generator) string {
	digits := int(min(max(number(g.Options, "digits", 10), 2), maxDigits))
	whole := 1 + m.rng.IntN(digits-1)
	var b strings.Builder
	for i := range digits {
		if i == whole {
			b.WriteByte('.')
		}
		if low := 0; i == 0 && whole > 1 || i == digits-1 {
			low = 1 // no zero before the first digit, none that is cut off at the end
			b.WriteByte(byte('0' + low + m.rng.IntN(10-low)))
			continue
		}
		b.WriteByte(byte('0' + m.rng.IntN(10)))
	}
	return b.String()
}

// random makes a text of an alphabet.
func (m *maker) random(g *pact.Generator, option, alphabet string) string {
	n := number(g.Options, option, 10)
	if n < 0 || n > maxLength {
		m.fault(g, "%s is not from 0 to %d", option, maxLength)
		n = 0
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[m.rng.IntN(len(alphabet))]
	}
	return string(out)
}

func (m *maker) regex(g *pact.Generator, old any) any {
	p, err := pattern.New("^(?:" + text(g.Options, "regex") + ")$")
	if err != nil {
		m.fault(g, "its expression: %w", err)
		return old
	}
	s, err := p.Generate(m.rng, 0, -1)
	if err != nil {
		m.fault(g, "its expression: %w", err)
		return old
	}
	return s
}

// uuid makes one of version 4 (RFC 9562 section 5.4) in one of the forms of Pact 4.
func (m *maker) uuid(g *pact.Generator) string {
	var b [16]byte
	fill(m.rng, b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	plain := hex.EncodeToString(b[:])
	dashed := fmt.Sprintf("%s-%s-%s-%s-%s", plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:])
	switch format := text(g.Options, "format"); format {
	case "simple":
		return plain
	case "upper-case-hyphenated":
		return strings.ToUpper(dashed)
	case "URN":
		return "urn:uuid:" + dashed
	case "", "lower-case-hyphenated":
	default:
		m.fault(g, "it has no format %.40q", format)
	}
	return dashed
}

func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}

// number reads an option that is a whole number; fallback stands for none.
func number(options map[string]any, name string, fallback int64) int64 {
	var s string
	switch v := options[name].(type) {
	case json.Number:
		s = v.String()
	case string:
		s = v
	case int:
		return int64(v)
	case float64:
		return int64(v)
	default:
		return fallback
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if len(s) > maxDigits || strings.ContainsAny(s, "eE") && len(s) > 8 {
		return fallback
	}
	f, _, err := big.ParseFloat(s, 10, 64, big.ToZero)
	if err != nil {
		return fallback
	}
	n, _ := f.Int64()
	return n
}

func text(options map[string]any, name string) string {
	s, _ := options[name].(string)
	return s
}
