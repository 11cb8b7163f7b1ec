package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
)

const (
	// prefix lets scanners for secrets know a token.
	prefix = "twg_"
	// tokenBytes makes guessing hopeless and a salt or a slow hash needless.
	tokenBytes = 32
	// minToken and maxToken bound what is taken for a token, in bytes: 32 random bytes
	// have at least 32, and headers are read up to 1 MiB but are not hashed so far.
	minToken = tokenBytes
	maxToken = 512

	hashPrefix = "sha256:"
)

// Hash is that of a token.
type Hash [sha256.Size]byte

// New makes a token of 32 random bytes and its hash. The token is shown to its owner
// once; the hash stands in the file.
func New() (token string, hash Hash) {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	token = prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return token, HashOf(token)
}

// HashOf returns the hash of a token.
func HashOf(token string) Hash { return sha256.Sum256([]byte(token)) }

// String returns the hash as it stands in the file.
func (h Hash) String() string { return hashPrefix + hex.EncodeToString(h[:]) }

// errHash does not name what was given: it may be a token at the wrong place.
var errHash = errors.New(`hash is "sha256:" and 64 hexadecimal digits, of a random token; never the token itself`)

// ParseHash reads a hash as it stands in the file. The error does not hold the text.
func ParseHash(text string) (Hash, error) {
	digits, ok := strings.CutPrefix(text, hashPrefix)
	b, err := hex.DecodeString(digits)
	if !ok || err != nil || len(b) != sha256.Size {
		return Hash{}, errHash
	}
	if h := Hash(b); h != HashOf("") {
		return h, nil
	}
	return Hash{}, errors.New("hash is that of an empty token")
}

// find returns the place of the token among the hashes, -1 where it is not. The time it
// takes depends on how many there are alone.
func find(hashes []Hash, token string) int {
	if len(token) < minToken || len(token) > maxToken {
		return -1
	}
	hash, found := HashOf(token), -1
	for i := range hashes {
		found = subtle.ConstantTimeSelect(same(&hash, &hashes[i]), i, found)
	}
	return found
}

// same is 1 where two hashes are the same and 0 where not, by eight bytes at a time:
// subtle.ConstantTimeCompare takes one at a time, three times as long.
func same(a, b *Hash) int {
	var differ uint64
	for i := 0; i < len(a); i += 8 {
		differ |= binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:])
	}
	return subtle.ConstantTimeEq(int32(differ>>32)|int32(differ&0xffffffff), 0) //nolint:gosec // its halves, whatever their sign
}
