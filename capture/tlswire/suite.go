package tlswire

import (
	"crypto/sha1" //nolint:gosec // the MAC of suites that are in use
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

const (
	tls12 = 0x0303
	tls13 = 0x0304
)

// bulk is how a suite protects records.
type bulk uint8

const (
	gcm bulk = iota
	ccm
	ccm8
	chacha
	cbc
)

// suite is a cipher suite without its key exchange, which a key log makes
// needless.
type suite struct {
	bulk bulk
	key  int              // length in bytes
	hash func() hash.Hash // of the key derivation
	mac  func() hash.Hash // of CBC
}

// vain is maxVain for the suite: ChaCha20 runs at a quarter of the rate of GCM,
// CCM and CBC, which chain block to block, at an eighth.
func (s *suite) vain() int64 {
	switch s.bulk {
	case gcm:
		return maxVain
	case chacha:
		return maxVain / 4
	}
	return maxVain / 8
}

var (
	gcm128       = &suite{gcm, 16, sha256.New, nil}
	gcm256       = &suite{gcm, 32, sha512.New384, nil}
	poly         = &suite{chacha, 32, sha256.New, nil}
	ccm128       = &suite{ccm, 16, sha256.New, nil}
	ccm256       = &suite{ccm, 32, sha256.New, nil}
	ccm128short  = &suite{ccm8, 16, sha256.New, nil}
	ccm256short  = &suite{ccm8, 32, sha256.New, nil}
	cbc128sha1   = &suite{cbc, 16, sha256.New, sha1.New}
	cbc256sha1   = &suite{cbc, 32, sha256.New, sha1.New}
	cbc128sha256 = &suite{cbc, 16, sha256.New, sha256.New}
	cbc256sha256 = &suite{cbc, 32, sha256.New, sha256.New}
	cbc256sha384 = &suite{cbc, 32, sha512.New384, sha512.New384}
)

// suites13 are the cipher suites of TLS 1.3 (RFC 8446 appendix B.4).
var suites13 = map[uint16]*suite{
	0x1301: gcm128, 0x1302: gcm256, 0x1303: poly, 0x1304: ccm128, 0x1305: ccm128short,
}

// suites12 are those of TLS 1.2 with AES or ChaCha20, of the registry "TLS
// Cipher Suites", for every key exchange: RSA, DH, ECDH and PSK.
var suites12 = func() map[uint16]*suite {
	m := make(map[uint16]*suite)
	for s, codes := range map[*suite][]uint16{
		gcm128:       {0x009C, 0x009E, 0x00A0, 0x00A2, 0x00A4, 0x00A6, 0x00A8, 0x00AA, 0x00AC, 0xC02B, 0xC02D, 0xC02F, 0xC031, 0xD001},
		gcm256:       {0x009D, 0x009F, 0x00A1, 0x00A3, 0x00A5, 0x00A7, 0x00A9, 0x00AB, 0x00AD, 0xC02C, 0xC02E, 0xC030, 0xC032, 0xD002},
		poly:         {0xCCA8, 0xCCA9, 0xCCAA, 0xCCAB, 0xCCAC, 0xCCAD, 0xCCAE},
		ccm128:       {0xC09C, 0xC09E, 0xC0A4, 0xC0A6, 0xC0AC, 0xD005},
		ccm256:       {0xC09D, 0xC09F, 0xC0A5, 0xC0A7, 0xC0AD},
		ccm128short:  {0xC0A0, 0xC0A2, 0xC0A8, 0xC0AA, 0xC0AE, 0xD003},
		ccm256short:  {0xC0A1, 0xC0A3, 0xC0A9, 0xC0AB, 0xC0AF},
		cbc128sha1:   {0x002F, 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x008C, 0x0090, 0x0094, 0xC004, 0xC009, 0xC00E, 0xC013, 0xC018, 0xC035},
		cbc256sha1:   {0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003A, 0x008D, 0x0091, 0x0095, 0xC005, 0xC00A, 0xC00F, 0xC014, 0xC019, 0xC036},
		cbc128sha256: {0x003C, 0x003E, 0x003F, 0x0040, 0x0067, 0x006C, 0x00AE, 0x00B2, 0x00B6, 0xC023, 0xC025, 0xC027, 0xC029, 0xC037},
		cbc256sha256: {0x003D, 0x0068, 0x0069, 0x006A, 0x006B, 0x006D},
		cbc256sha384: {0x00AF, 0x00B3, 0x00B7, 0xC024, 0xC026, 0xC028, 0xC02A, 0xC038},
	} {
		for _, code := range codes {
			m[code] = s
		}
	}
	return m
}()

func lookupSuite(version, code uint16) *suite {
	if version == tls13 {
		return suites13[code]
	}
	return suites12[code]
}
