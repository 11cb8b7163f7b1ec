package rulefile

import (
	"errors"
	"io"
	"os"
)

// MaxSize is the greatest rule file in bytes. At 100 bytes a rule it is ten
// thousand rules, more than a person reviews.
const MaxSize = 1 << 20

// Read reads the file at path, no more of it than [Reader.Tokens] takes and one
// byte: path may be a device.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	return data, errors.Join(err, f.Close())
}
