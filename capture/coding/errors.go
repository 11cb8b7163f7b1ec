package coding

import (
	"errors"
	"fmt"
)

// Why a body was not decoded or encoded. An error of this package is one of them
// and says more in its text.
var (
	// ErrUnknown: a coding is not known, or there are more than [Max].
	ErrUnknown = errors.New("content coding is not known")
	// ErrTooLong: the body decodes to more than the decoder's bounds, or asks for
	// more memory.
	ErrTooLong = errors.New("content decodes to too much")
	// ErrDamaged: the body breaks the grammar of its coding, or ends too early.
	ErrDamaged = errors.New("content coding is broken")
)

type codingError struct {
	kind, cause error
	text        string
}

func (e *codingError) Error() string        { return e.text }
func (e *codingError) Is(target error) bool { return target == e.kind }
func (e *codingError) Unwrap() error        { return e.cause }

func unknown(name string) error {
	return &codingError{kind: ErrUnknown, text: fmt.Sprintf("content coding %q is not known", name)}
}

func tooMany(n int) error {
	return &codingError{kind: ErrUnknown, text: fmt.Sprintf("%d content codings, more than %d", n, Max)}
}

func tooLong(name string, limit int) error {
	return &codingError{kind: ErrTooLong, text: fmt.Sprintf("%s decodes to more than %d bytes", name, limit)}
}

func tooWide(name string, cause error, limit int) error {
	return &codingError{kind: ErrTooLong, cause: cause, text: fmt.Sprintf("%s asks for a window above %d MiB", name, limit>>20)}
}

func damaged(name string, cause error) error {
	return &codingError{kind: ErrDamaged, cause: cause, text: fmt.Sprintf("broken %s: %v", name, cause)}
}
