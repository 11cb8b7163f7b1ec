//go:build !(linux || darwin || freebsd || windows)

package spool

import (
	"errors"
	"fmt"
	"os"
)

// lockFile fails: without a lock two recorders could share a folder.
func lockFile(*os.File) error { return fmt.Errorf("lock of the spool: %w", errors.ErrUnsupported) }

func freeSpace(string) (int64, error) { return 0, errors.ErrUnsupported }

func isDiskFull(error) bool { return false }

func mapFile(*os.File, int) (writerAtCloser, error) { return nil, errors.ErrUnsupported }
