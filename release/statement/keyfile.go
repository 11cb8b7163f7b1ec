package statement

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// maxKeyFile bounds a key's file in bytes: a key takes 300, comments before it some
// more.
const maxKeyFile = 64 << 10

// ReadPrivate reads a private key from a file. The warning says that others can read
// the file, "" where they cannot: it is no error, as secrets that a cluster mounts are
// often so.
func ReadPrivate(path string) (k *PrivateKey, warning string, err error) {
	data, mode, err := readKey(path)
	if err != nil {
		return nil, "", fmt.Errorf("read private key: %w", err)
	}
	if k, err = ParsePrivate(data); err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	if mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		warning = fmt.Sprintf("%s: the private key can be read by others (mode %#o): make it 0600 and think of a new key", path, mode.Perm())
	}
	return k, warning, nil
}

// ReadPublic reads a public key from a file.
func ReadPublic(path string) (*PublicKey, error) {
	data, _, err := readKey(path)
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	k, err := ParsePublic(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

func readKey(path string) (data []byte, mode fs.FileMode, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err //nolint:wrapcheck // it names the file
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err //nolint:wrapcheck // it names the file
	}
	if data, err = io.ReadAll(io.LimitReader(f, maxKeyFile+1)); err != nil {
		return nil, 0, err //nolint:wrapcheck // it names the file
	}
	if len(data) > maxKeyFile {
		return nil, 0, fmt.Errorf("%s is longer than %d bytes: it is no key", path, maxKeyFile)
	}
	return data, info.Mode(), nil
}

// WritePair writes the private key to path, to be read by its owner alone, and the
// public key to path with ".pub". It replaces no file.
func WritePair(path string, k *PrivateKey) error {
	private, err := k.PEM()
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	if err := writeNew(path, private, 0o600); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	if err := writeNew(path+".pub", k.Public().PEM(), 0o644); err != nil {
		return fmt.Errorf("write keys: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

func writeNew(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
