package redact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"math/rand/v2"
)

// drawer makes pseudonyms under one key.
type drawer struct {
	mac    hash.Hash
	stream *rand.ChaCha8
	sum    [sha256.Size]byte
}

func newDrawer(key []byte) *drawer {
	return &drawer{mac: hmac.New(sha256.New, key), stream: rand.NewChaCha8([32]byte{})}
}

// seed begins the stream that belongs to the value.
func (d *drawer) seed(v []byte) {
	d.mac.Reset()
	d.mac.Write(v)
	d.mac.Sum(d.sum[:0])
	d.stream.Seed(d.sum)
}

// maxNested bounds tokens inside of tokens, and JSON inside of strings. More
// than one level is rare; what lies deeper is not opened.
const maxNested = 4

// pseudonym returns what stands for v, in new memory.
func (d *drawer) pseudonym(v []byte, depth int) []byte {
	if out := d.mail(v); out != nil {
		return out
	}
	if isCard(v) {
		return d.card(v)
	}
	if depth < maxNested && isToken(v) {
		if out := d.token(v, depth); out != nil {
			return out
		}
	}
	return d.shaped(v, prefixOf(v))
}

// maxDraws bounds how often a draw is repeated because it is the value itself
// or begins with a zero that the value lacks. Half of the draws of the least
// lucky value, a single hexadecimal digit, do.
const maxDraws = 64

// shaped returns characters of the same classes; the first keep bytes stay.
func (d *drawer) shaped(v []byte, keep int) []byte {
	d.seed(v)
	f := formOf(v)
	out := make([]byte, 0, len(v))
	for range maxDraws {
		out = d.draw(append(out[:0], v[:keep]...), v[keep:], f, keep)
		form{hex: f.hex, uuid: f.uuid}.seal(out)
		if !bytes.Equal(out, v) && !leadsWithZero(v, out) {
			break
		}
	}
	return out
}

// maxFits bounds the draws of a number that must fit its type. One draw in
// twelve does of the least lucky, those of twenty digits in 64 bits: this many
// fail once in 10^38.
const maxFits = 1000

// fitting gives fits the pseudonym of a decimal number, and where that is
// refused others until one is taken: the number may not overflow its type. Where
// none is, zero must do.
func (d *drawer) fitting(v []byte, fits func([]byte) bool) {
	if fits(d.pseudonym(v, 0)) {
		return
	}
	d.seed(v)
	f := formOf(v)
	out := make([]byte, 0, len(v))
	for range maxFits {
		out = d.draw(out[:0], v, f, 0)
		form{}.seal(out)
		if !bytes.Equal(out, v) && !leadsWithZero(v, out) && fits(out) {
			return
		}
	}
	fits([]byte("0"))
}

func (d *drawer) draw(out, v []byte, f form, keep int) []byte {
	f.uuid = f.uuid && keep == 0
	for i := 0; i < len(v); {
		k, w := f.next(v, i)
		if k == fixed {
			out = append(out, v[i:i+w]...)
		} else {
			out = k.appendSymbol(out, d.stream.Uint64())
		}
		i += w
	}
	return out
}

// leadsWithZero reports whether a number got a leading zero, which JSON forbids.
// It holds for text too, since a number may be sent as either.
func leadsWithZero(v, out []byte) bool {
	v, out = bytes.TrimPrefix(v, []byte("-")), bytes.TrimPrefix(out, []byte("-"))
	return len(v) > 1 && '1' <= v[0] && v[0] <= '9' && out[0] == '0'
}

// mailDomain is where the addresses of pseudonyms lie: nobody can own it (RFC
// 2606 section 2).
const mailDomain = "redacted.invalid"

// minLocal is the least length of a local part, so that short addresses stay
// apart.
const minLocal = 8

// mail returns nil where v is not one address.
func (d *drawer) mail(v []byte) []byte {
	at := bytes.IndexByte(v, '@')
	if at < 0 {
		return nil
	}
	if from, to := mailAt(v, at, 1); from != 0 || to != len(v) {
		return nil
	}
	d.seed(v)
	local := v[:at]
	if (form{}).count(local) < minLocal {
		local = []byte("aaaaaaaa")
	}
	out := d.draw(make([]byte, 0, len(local)+1+len(mailDomain)), local, form{}, 0)
	return append(append(out, '@'), mailDomain...)
}
