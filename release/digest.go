package release

import (
	"crypto/sha256"
	"encoding/hex"
)

// Digest names a document by its bytes: "sha256:" and their hash in hexadecimal, as
// [Evidence.ID] and [Policy.Digest] are.
func Digest(document []byte) string {
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}
