package tlswire

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// errOpen says that a record is not what the key and the sequence number
// authenticate, and nothing more.
var errOpen = errors.New("record is not authentic")

// opener removes the protection of records of one direction and one epoch.
type opener interface {
	// open appends to dst the plaintext of the record that is the seq-th of its
	// epoch. It leaves record as it is.
	open(dst []byte, seq uint64, record []byte) ([]byte, error)
	// overhead is how much longer than its plaintext a record is, without the
	// header; where it varies, the mean.
	overhead() int
}

// newAEAD returns the algorithm of a suite and the length of its tag.
func newAEAD(s *suite, key []byte) (cipher.AEAD, error) {
	if s.bulk == chacha {
		return chacha20poly1305.New(key)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	switch s.bulk {
	case ccm:
		return newCCM(block, 16), nil
	case ccm8:
		return newCCM(block, 8), nil
	}
	return cipher.NewGCM(block)
}

// aead13 opens records of TLS 1.3 (RFC 8446 section 5.2). The content type and
// the padding are a part of its plaintext.
type aead13 struct {
	aead  cipher.AEAD
	iv    [12]byte
	nonce [12]byte
}

func newAEAD13(s *suite, secret []byte) (*aead13, error) {
	key, err := expandLabel(s.hash, secret, "key", s.key)
	if err != nil {
		return nil, err
	}
	iv, err := expandLabel(s.hash, secret, "iv", len(aead13{}.iv))
	if err != nil {
		return nil, err
	}
	o := &aead13{iv: [12]byte(iv)}
	o.aead, err = newAEAD(s, key)
	return o, err
}

func (o *aead13) open(dst []byte, seq uint64, record []byte) ([]byte, error) {
	o.nonce = o.iv
	xorSequence(&o.nonce, seq)
	return o.aead.Open(dst, o.nonce[:], record[headerSize:], record[:headerSize])
}

func (o *aead13) overhead() int { return o.aead.Overhead() + 1 }

func xorSequence(nonce *[12]byte, seq uint64) {
	low := nonce[4:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^seq)
}

// additional is the authenticated data of TLS 1.2 (RFC 5246 section 6.2.3.3):
// sequence number, type, version and length of the plaintext. MACs begin with
// the same bytes.
type additional [13]byte

func (a *additional) set(seq uint64, record []byte, n int) []byte {
	binary.BigEndian.PutUint64(a[:8], seq)
	copy(a[8:11], record)
	binary.BigEndian.PutUint16(a[11:], uint16(n))
	return a[:]
}

// aead12 opens records of TLS 1.2: with an explicit nonce (RFC 5288 section 3,
// RFC 6655 section 3), or none with ChaCha20 (RFC 7905 section 2).
type aead12 struct {
	aead     cipher.AEAD
	iv       [12]byte // 4 bytes and 8 of each record, where explicit is 8
	explicit int
	nonce    [12]byte
	data     additional
}

func (o *aead12) open(dst []byte, seq uint64, record []byte) ([]byte, error) {
	body := record[headerSize:]
	n := len(body) - o.overhead()
	if n < 0 {
		return nil, errOpen
	}
	o.nonce = o.iv
	if o.explicit > 0 {
		copy(o.nonce[4:], body[:o.explicit])
	} else {
		xorSequence(&o.nonce, seq)
	}
	return o.aead.Open(dst, o.nonce[:], body[o.explicit:], o.data.set(seq, record, n))
}

func (o *aead12) overhead() int { return o.explicit + o.aead.Overhead() }

// newOpener12 returns the openers of both ends of a TLS 1.2 session: the key
// block holds the MAC keys, the keys and the IVs of client and server (RFC 5246
// section 6.3).
func newOpener12(p *plan, client bool) (opener, error) {
	s := p.suite
	var sizes [3]int
	switch s.bulk {
	case cbc:
		sizes = [3]int{s.mac().Size(), s.key, 0}
	case chacha:
		sizes = [3]int{0, s.key, 12}
	default:
		sizes = [3]int{0, s.key, 4}
	}
	block := keyBlock(s.hash, p.secrets.get(masterSecret), p.serverRandom, p.clientRandom, 2*(sizes[0]+sizes[1]+sizes[2]))
	var part [3][]byte
	for i, n := range sizes {
		part[i] = block[:n]
		if !client {
			part[i] = block[n : 2*n]
		}
		block = block[2*n:]
	}
	if s.bulk == cbc {
		return newCBC(p, part[1], part[0])
	}
	aead, err := newAEAD(s, part[1])
	o := &aead12{aead: aead, explicit: 12 - sizes[2]}
	copy(o.iv[:], part[2])
	return o, err
}
