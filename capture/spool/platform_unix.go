//go:build linux || darwin || freebsd

package spool

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock on f, which ends with the process or with f.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// freeSpace returns how many bytes the filesystem of dir has for us.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // the types differ between systems
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// mapping is a file in memory; the kernel keeps what is written to it.
type mapping []byte

func mapFile(f *os.File, size int) (writerAtCloser, error) {
	b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", f.Name(), err)
	}
	return mapping(b), nil
}

// WriteAt implements [io.WriterAt].
func (m mapping) WriteAt(p []byte, offset int64) (int, error) { return copy(m[offset:], p), nil }

// Close implements [io.Closer].
func (m mapping) Close() error { return unix.Munmap(m) }
