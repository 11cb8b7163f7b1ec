package contractfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// maxName is how long a name may be as part of a path: file systems take 255 bytes,
// and some programs 260 for the whole path.
const maxName = 100

// Path returns the file of a pair in a folder.
func Path(dir, consumer, provider string) string {
	return filepath.Join(dir, FileName(consumer), FileName(provider)+extension)
}

// FileName returns a name as part of a path: the same on every file system, and
// leading nowhere else. What is no lower-case letter, digit, hyphen, underscore or
// dot within is written as %XX, and so is the beginning of names that some system
// keeps for itself. "" is "%". A name that gets too long ends in a part of its hash,
// and cannot be read back from the path; the file holds it.
func FileName(name string) string {
	if name == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; plain(c) || c == '.' && i > 0 && i < len(name)-1 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	out := b.String()
	if reserved(out) {
		out = fmt.Sprintf("%%%02X%s", out[0], out[1:])
	}
	if len(out) > maxName {
		sum := sha256.Sum256([]byte(name))
		out = out[:maxName-33] + "%" + hex.EncodeToString(sum[:16])
		out = strings.ReplaceAll(out, "%", "-") + "%~"
	}
	return out
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// reserved reports whether Windows takes a name for a device, whatever follows a
// dot in it.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) && stem[3] >= '0' && stem[3] <= '9'
}

// NameOf returns the name that [FileName] made a part of a path of; false for one
// that it did not make, or that was too long.
func NameOf(file string) (string, bool) {
	if file == "%" {
		return "", true
	}
	var b strings.Builder
	for i := 0; i < len(file); i++ {
		if file[i] != '%' {
			b.WriteByte(file[i])
			continue
		}
		if i+3 > len(file) {
			return "", false
		}
		c, err := strconv.ParseUint(file[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	name := b.String()
	return name, FileName(name) == file
}
