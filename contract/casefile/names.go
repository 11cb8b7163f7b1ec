package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxName is how long the readable part of a name gets: file systems take 255
// bytes, and some programs 260 for the whole path.
const maxName = 100

// names gives the files of a suite their names.
type names struct {
	taken map[string]bool
}

// file returns the name of an operation's file. It is of lower-case letters,
// digits and hyphens, so that it is the same on every file system and cannot lead
// out of a folder. Of operations that come to the same name the later have a part
// of their hash in it.
func (n *names) file(operation string) string {
	name := readable(operation)
	if name == "" || len(name) > maxName || reservedName(name) || n.taken[name] {
		sum := sha256.Sum256([]byte(operation))
		digest := hex.EncodeToString(sum[:])
		name = strings.Trim(name[:min(len(name), maxName)], "-")
		// A greater part where a smaller one is taken; operations are unique.
		for size := 8; ; size += 8 {
			longer := strings.TrimPrefix(name+"-"+digest[:size], "-")
			if !n.taken[longer] || size == len(digest) {
				name = longer
				break
			}
		}
	}
	n.taken[name] = true
	return name + extension
}

func readable(operation string) string {
	var b strings.Builder
	gap := false
	for i := 0; i < len(operation) && b.Len() <= maxName; i++ {
		c := operation[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c < '0' || c > '9' && c < 'a' || c > 'z' {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteByte(c)
	}
	return b.String()
}

// reservedName reports whether a name is the suite's own, or a device of Windows.
func reservedName(name string) bool {
	switch name {
	case "suite", "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (name[:3] == "com" || name[:3] == "lpt")
}

// ours reports whether a name is one that a writer gives.
func ours(file string) bool {
	name, ok := strings.CutSuffix(file, extension)
	return ok && name != "" && name != "suite" && name[0] != '-' && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
