package tlswire

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// ccmMode is the opening half of AES-CCM (RFC 3610) with nonces of 12 bytes and
// so lengths of 3.
type ccmMode struct {
	block cipher.Block
	tag   int
}

func newCCM(block cipher.Block, tag int) cipher.AEAD { return &ccmMode{block, tag} }

func (c *ccmMode) NonceSize() int { return 12 }
func (c *ccmMode) Overhead() int  { return c.tag }

// Seal implements cipher.AEAD.
func (c *ccmMode) Seal(dst, nonce, plain, data []byte) []byte {
	stream, mask := c.counter(nonce)
	sum := c.sum(nonce, plain, data)
	start := len(dst)
	dst = append(dst, plain...)
	stream.XORKeyStream(dst[start:], dst[start:])
	subtle.XORBytes(sum[:], sum[:], mask[:])
	return append(dst, sum[:c.tag]...)
}

// Open implements cipher.AEAD.
func (c *ccmMode) Open(dst, nonce, sealed, data []byte) ([]byte, error) {
	n := len(sealed) - c.tag
	if n < 0 || n >= 1<<24 {
		return nil, errOpen
	}
	stream, mask := c.counter(nonce)
	start := len(dst)
	dst = append(dst, sealed[:n]...)
	stream.XORKeyStream(dst[start:], dst[start:])
	sum := c.sum(nonce, dst[start:], data)
	subtle.XORBytes(sum[:], sum[:], mask[:])
	if subtle.ConstantTimeCompare(sum[:c.tag], sealed[n:]) != 1 {
		clear(dst[start:])
		return nil, errOpen
	}
	return dst, nil
}

// counter returns the key stream of the text, and the block that hides the sum
// (RFC 3610 section 2.3).
func (c *ccmMode) counter(nonce []byte) (cipher.Stream, [16]byte) {
	var first, mask [16]byte
	first[0] = 2 // lengths of 3 bytes, less one
	copy(first[1:], nonce)
	stream := cipher.NewCTR(c.block, first[:])
	stream.XORKeyStream(mask[:], mask[:])
	return stream, mask
}

// sum is the CBC-MAC of RFC 3610 section 2.2.
func (c *ccmMode) sum(nonce, text, data []byte) [16]byte {
	var x [16]byte
	x[0] = byte((c.tag-2)/2)<<3 | 2
	if len(data) > 0 {
		x[0] |= 1 << 6
	}
	copy(x[1:], nonce)
	x[13] = byte(len(text) >> 16)
	binary.BigEndian.PutUint16(x[14:], uint16(len(text)))
	c.block.Encrypt(x[:], x[:])
	if len(data) > 0 {
		c.absorb(&x, append(binary.BigEndian.AppendUint16(nil, uint16(len(data))), data...))
	}
	c.absorb(&x, text)
	return x
}

func (c *ccmMode) absorb(x *[16]byte, b []byte) {
	for len(b) > 0 {
		n := subtle.XORBytes(x[:], x[:], b[:min(16, len(b))])
		c.block.Encrypt(x[:], x[:])
		b = b[n:]
	}
}
