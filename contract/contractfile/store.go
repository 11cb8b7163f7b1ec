package contractfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
)

// Write writes a contract into a folder, at [Path]. The file is replaced at once, by
// a rename; one that has the same bytes is left as it is. Another process that
// writes the same pair at the same time may win.
func Write(dir string, c *contract.Contract) error {
	data, err := Encode(c)
	if err != nil {
		return fmt.Errorf("write the contract of %s and %s: %w", c.Consumer, c.Provider, err)
	}
	path := Path(dir, c.Consumer, c.Provider)
	if old, err := load(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the contract: %w", err)
	}
	if err := replace(path, data); err != nil {
		return fmt.Errorf("write the contract: %w", err)
	}
	return nil
}

// replace makes a file have these bytes, or leaves it as it was.
func replace(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".contract-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Chmod(0o644), temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// ReadFile reads one contract. The error holds every mistake of the file with its
// line (rulefile.Errors).
func ReadFile(path string) (*contract.Contract, error) {
	data, err := load(path)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	return Decode(path, data)
}

// load reads no more of a file than one may have, and a byte.
func load(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	return io.ReadAll(io.LimitReader(f, MaxFile+1))
}

// Read reads the contracts of a folder, sorted by consumer and provider. Beside the
// folders of consumers there may be anything; in them every file *.yaml is a
// contract. The error joins those of all files; the contracts that could be read
// are returned with it.
func Read(dir string) ([]*contract.Contract, error) {
	consumers, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the contracts: %w", err)
	}
	var all []*contract.Contract
	var errs error
	for _, consumer := range consumers {
		if !consumer.IsDir() || strings.HasPrefix(consumer.Name(), ".") {
			continue
		}
		list, err := readConsumer(filepath.Join(dir, consumer.Name()), dir)
		all, errs = append(all, list...), errors.Join(errs, err)
	}
	slices.SortFunc(all, func(a, b *contract.Contract) int {
		return cmp.Or(cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Provider, b.Provider))
	})
	return all, errs
}

func readConsumer(folder, dir string) (all []*contract.Contract, errs error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read the contracts: %w", err)
	}
	for _, file := range files {
		if !isContract(file) {
			continue
		}
		path := filepath.Join(folder, file.Name())
		c, err := ReadFile(path)
		if err == nil && Path(dir, c.Consumer, c.Provider) != path {
			err = rulefile.Errors{rulefile.NewError(path, nil, "the contract of this pair stands in %s", Path(dir, c.Consumer, c.Provider))}
		}
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		all = append(all, c)
	}
	return all, errs
}

func isContract(file fs.DirEntry) bool {
	return !file.IsDir() && strings.HasSuffix(file.Name(), extension) && !strings.HasPrefix(file.Name(), ".")
}
