//go:build !linux

package packet

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"twinspect.dev/capture"
)

var errNeedsLinux = fmt.Errorf("live packets need Linux, this is %s: capture with tcpdump and read the file: %w", runtime.GOOS, errors.ErrUnsupported)

// Live is a capture from a network interface, which needs Linux.
type Live struct{}

// Listen returns an error that wraps [errors.ErrUnsupported].
func Listen(LiveConfig) (*Live, error) { return nil, errNeedsLinux }

// ListenGroup returns an error that wraps [errors.ErrUnsupported].
func ListenGroup(LiveConfig, int) ([]*Live, error) { return nil, errNeedsLinux }

// NamespaceOfPID returns an error that wraps [errors.ErrUnsupported].
func NamespaceOfPID(int) (string, error) { return "", errNeedsLinux }

// NamespaceOfContainer returns an error that wraps [errors.ErrUnsupported].
func NamespaceOfContainer(string) (string, error) { return "", errNeedsLinux }

// ReadSegment returns an error that wraps [errors.ErrUnsupported].
func (l *Live) ReadSegment(context.Context, *Segment) error { return errNeedsLinux }

// Account returns nil.
func (l *Live) Account() capture.Account { return nil }

// Close does nothing.
func (l *Live) Close() error { return nil }
