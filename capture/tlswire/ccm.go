package tlswire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"slices"
)

// ccmMode is AES-CCM (RFC 3610) with nonces of 12 bytes and so lengths of 3. It
// is not safe for concurrent use: what it works on is kept here, as the cipher
// would take each of it to the heap.
type ccmMode struct {
	block cipher.Block
	tag   int

	counter [aes.BlockSize]byte
	stream  [aes.BlockSize]byte // the key stream at hand
	mask    [aes.BlockSize]byte // hides the sum
	mac     [aes.BlockSize]byte
}

func newCCM(block cipher.Block, tag int) cipher.AEAD { return &ccmMode{block: block, tag: tag} }

const maxCCM = 1<<24 - 1 // the greatest length of 3 bytes

func (c *ccmMode) NonceSize() int { return 12 }
func (c *ccmMode) Overhead() int  { return c.tag }

// Seal implements cipher.AEAD.
func (c *ccmMode) Seal(dst, nonce, plain, data []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(plain)+c.tag)[:start+len(plain)]
	c.begin(nonce, len(plain), data)
	c.absorb(plain)
	c.crypt(dst[start:], plain)
	return append(dst, c.sum()...)
}

// Open implements cipher.AEAD.
func (c *ccmMode) Open(dst, nonce, sealed, data []byte) ([]byte, error) {
	n := len(sealed) - c.tag
	if n < 0 || n > maxCCM {
		return nil, errOpen
	}
	start := len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	c.begin(nonce, n, data)
	c.crypt(dst[start:], sealed[:n])
	c.absorb(dst[start:])
	if subtle.ConstantTimeCompare(c.sum(), sealed[n:]) != 1 {
		clear(dst[start:])
		return nil, errOpen
	}
	return dst, nil
}

// begin takes what comes before the text: the first block and the additional
// data for the sum (RFC 3610 section 2.2), and the counter's first block, which
// hides the sum (section 2.3).
func (c *ccmMode) begin(nonce []byte, n int, data []byte) {
	c.counter = [aes.BlockSize]byte{0: 2} // lengths of 3 bytes, less one
	copy(c.counter[1:], nonce)
	c.block.Encrypt(c.mask[:], c.counter[:])
	c.mac = c.counter
	c.mac[0] |= byte((c.tag-2)/2) << 3
	if len(data) > 0 {
		c.mac[0] |= 1 << 6
	}
	c.mac[13] = byte(n >> 16)
	binary.BigEndian.PutUint16(c.mac[14:], uint16(n))
	c.block.Encrypt(c.mac[:], c.mac[:])
	if len(data) == 0 {
		return
	}
	// Its length of 2 bytes begins the first block of the data.
	c.mac[0] ^= byte(len(data) >> 8)
	c.mac[1] ^= byte(len(data))
	first := subtle.XORBytes(c.mac[2:], c.mac[2:], data[:min(len(c.mac)-2, len(data))])
	c.block.Encrypt(c.mac[:], c.mac[:])
	c.absorb(data[first:])
}

// absorb adds text to the sum, filled up with zeros.
func (c *ccmMode) absorb(b []byte) {
	for ; len(b) >= aes.BlockSize; b = b[aes.BlockSize:] {
		xorBlock(c.mac[:], c.mac[:], b)
		c.block.Encrypt(c.mac[:], c.mac[:])
	}
	if len(b) > 0 {
		subtle.XORBytes(c.mac[:], c.mac[:], b)
		c.block.Encrypt(c.mac[:], c.mac[:])
	}
}

// crypt applies the key stream, from the counter 1.
func (c *ccmMode) crypt(dst, src []byte) {
	for i := uint32(1); len(src) > 0; i++ {
		c.counter[13] = byte(i >> 16)
		binary.BigEndian.PutUint16(c.counter[14:], uint16(i))
		c.block.Encrypt(c.stream[:], c.counter[:])
		if len(src) < aes.BlockSize {
			subtle.XORBytes(dst, src, c.stream[:])
			return
		}
		xorBlock(dst, src, c.stream[:])
		dst, src = dst[aes.BlockSize:], src[aes.BlockSize:]
	}
}

// xorBlock is subtle.XORBytes of one block, which takes half as long as the
// cipher itself.
func xorBlock(dst, a, b []byte) {
	_, _, _ = dst[15], a[15], b[15]
	e := binary.NativeEndian
	e.PutUint64(dst, e.Uint64(a)^e.Uint64(b))
	e.PutUint64(dst[8:], e.Uint64(a[8:])^e.Uint64(b[8:]))
}

func (c *ccmMode) sum() []byte {
	subtle.XORBytes(c.mac[:], c.mac[:], c.mask[:])
	return c.mac[:c.tag]
}
