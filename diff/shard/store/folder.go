package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Folder keeps each object as a file, which is written under a temporary name
// and then linked to its own: a link is made by one writer alone, on NFS too.
// What a killed writer leaves behind begins with a dot and is not listed.
type Folder struct{ dir string }

// OpenFolder returns the store in a folder, which it makes where it is missing.
func OpenFolder(dir string) (*Folder, error) {
	if dir == "" {
		return nil, errors.New("store: no folder is given")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &Folder{dir}, nil
}

// Close implements [Store]; nothing is held open.
func (*Folder) Close() error { return nil }

// Put implements [Store].
func (f *Folder) Put(ctx context.Context, name string, data []byte) error {
	if err := errors.Join(ctx.Err(), check(name, data)); err != nil {
		return err
	}
	path := f.path(name)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", name, ErrExists)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	temporary, err := written(dir, data)
	if temporary != "" {
		defer os.Remove(temporary)
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	switch err := os.Link(temporary, path); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %w", name, ErrExists)
	case err != nil:
		return fmt.Errorf("store: the folder's file system must know hard links, by which one writer wins: %w", err)
	}
	return synced(dir)
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// written returns a new file of dir that holds data, on the disk.
func written(dir string, data []byte) (name string, err error) {
	t, err := os.CreateTemp(dir, ".writing-*")
	if err != nil {
		return "", err
	}
	_, err = t.Write(data)
	// Workers and who merges may be different users of one group.
	return t.Name(), errors.Join(err, t.Chmod(0o644), t.Sync(), t.Close())
}

// synced makes the entries of a folder outlive a loss of power.
func synced(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // keeps its entries by itself, and opens no folder
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Get implements [Store].
func (f *Folder) Get(ctx context.Context, name string) ([]byte, error) {
	if err := errors.Join(ctx.Err(), CheckName(name)); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer func() { _ = file.Close() }() // read only
	return readBounded(name, file)
}

func readBounded(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxObject+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > MaxObject {
		return nil, fmt.Errorf("%s: %w: the limit is %d bytes", name, ErrTooLarge, MaxObject)
	}
	return data, nil
}

// List implements [Store].
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		// Only the folder that the prefix names is walked.
		top := f.dir
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
			top = f.path(prefix[:i])
		}
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case d.IsDir():
				return nil
			}
			name, err := filepath.Rel(f.dir, path)
			if err != nil {
				return err
			}
			name = filepath.ToSlash(name)
			if strings.HasPrefix(name, prefix) && CheckName(name) == nil && !yield(name, nil) {
				return filepath.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", fmt.Errorf("list store: %w", err))
		}
	}
}
