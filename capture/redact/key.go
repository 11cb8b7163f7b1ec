package redact

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Key makes pseudonyms. Who holds it can test guesses of a value, so it belongs
// where the secrets themselves may be.
type Key []byte

const (
	keySize = 32 // of HMAC-SHA256's output: more adds nothing (RFC 2104 section 3)
	minSize = 16 // fewer bytes can be guessed
	// maxSize is far beyond any key: somebody named a wrong file.
	maxSize = 4096
)

// NewKey returns 32 random bytes.
func NewKey() Key {
	k := make(Key, keySize)
	_, _ = rand.Read(k) // never fails
	return k
}

// String hides the key.
func (Key) String() string { return "(key)" }

// GoString hides the key.
func (Key) GoString() string { return "redact.Key(...)" }

// KeyFromFile reads a key: all bytes of the file, 16 to 4096. With create a file
// that does not exist is made, readable by its owner alone, and holds a new key;
// of several processes that do so at once all get the same.
func KeyFromFile(path string, create bool) (Key, error) {
	k, err := readKey(path)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("create the key of redaction: %w", err)
		}
		k, err = readKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of redaction: %w", err)
	}
	return k, nil
}

func readKey(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	k, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(k) < minSize || len(k) > maxSize {
		return nil, fmt.Errorf("%s: a key has %d to %d bytes", path, minSize, maxSize)
	}
	return k, nil
}

// createKey writes a file beside path and links it there, so that nobody reads
// a half of it and no key is overwritten.
func createKey(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(NewKey())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
