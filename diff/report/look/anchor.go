package look

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// Anchor hashes what names a thing into a fragment (FNV-1a, 64 bits: among 20,000
// things two share one by a chance of 1 in 90 billion). The scripts of a page do
// the same.
func Anchor(kind string, parts ...string) string {
	sum := fnv.New64a()
	sum.Write([]byte(strings.Join(parts, "\x00")))
	return fmt.Sprintf("%s-%016x", kind, sum.Sum64())
}
