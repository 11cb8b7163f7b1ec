package tlswire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"hash"
	"slices"
)

// cbcOpener opens CBC records of TLS 1.2 (RFC 5246 section 6.2.3.2), or with
// encrypt-then-MAC (RFC 7366 section 3). An observer has no secret that the
// time of its answers could tell, so its checks need not take constant time.
type cbcOpener struct {
	mode cipher.BlockMode
	mac  hash.Hash
	etm  bool
	data additional
	iv   [aes.BlockSize]byte
	sum  []byte
}

func newCBC(p *plan, key, macKey []byte) (opener, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	mode := cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize))
	return &cbcOpener{mode: mode, mac: hmac.New(p.suite.mac, macKey), etm: p.etm}, nil
}

func (o *cbcOpener) overhead() int {
	return aes.BlockSize + o.mac.Size() + aes.BlockSize/2
}

func (o *cbcOpener) open(dst []byte, seq uint64, record []byte) ([]byte, error) {
	body := record[headerSize:]
	if o.etm {
		n := len(body) - o.mac.Size()
		if n < 0 || !o.authentic(seq, record, body[:n], body[n:]) {
			return nil, errOpen
		}
		body = body[:n]
	}
	if len(body) < 2*aes.BlockSize || len(body)%aes.BlockSize != 0 {
		return nil, errOpen
	}
	start := len(dst)
	dst = slices.Grow(dst, len(body))[:start+len(body)-aes.BlockSize]
	// Each block is chained to the one before, so the IV is decrypted for its
	// effect alone: a mode of its own for each record would be an allocation.
	o.mode.CryptBlocks(o.iv[:], body[:aes.BlockSize])
	o.mode.CryptBlocks(dst[start:], body[aes.BlockSize:])
	plain, ok := unpad(dst[start:])
	if !ok {
		return nil, errOpen
	}
	if !o.etm {
		n := len(plain) - o.mac.Size()
		if n < 0 || !o.authentic(seq, record, plain[:n], plain[n:]) {
			return nil, errOpen
		}
		plain = plain[:n]
	}
	return dst[:start+len(plain)], nil
}

func (o *cbcOpener) authentic(seq uint64, record, text, sum []byte) bool {
	o.mac.Reset()
	o.mac.Write(o.data.set(seq, record, len(text)))
	o.mac.Write(text)
	o.sum = o.mac.Sum(o.sum[:0])
	return hmac.Equal(o.sum, sum)
}

// unpad removes the padding, every byte of which is its length.
func unpad(b []byte) ([]byte, bool) {
	pad := b[len(b)-1]
	n := len(b) - int(pad) - 1
	if n < 0 {
		return nil, false
	}
	for _, c := range b[n:] {
		if c != pad {
			return nil, false
		}
	}
	return b[:n], true
}
