package pb

import (
	"errors"
	"fmt"

	"twinspect.dev/diff/project"
)

// MalformedError says where a body breaks the grammar of its media type.
type MalformedError struct {
	// Offset is in bytes from the beginning of the body; of the decoded message
	// where Decoded is set, because it was compressed or in base64.
	Offset  int
	Decoded bool
	Msg     string
}

// Error tells the place and what is wrong there.
func (e *MalformedError) Error() string {
	if e.Decoded {
		return fmt.Sprintf("decoded message is malformed at byte %d: %s", e.Offset, e.Msg)
	}
	return fmt.Sprintf("body is malformed at byte %d: %s", e.Offset, e.Msg)
}

func malformed(offset int, format string, args ...any) error {
	return &MalformedError{Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

// LimitError says which bound a body passes. It may be a sound one.
type LimitError struct {
	Limit int
	Unit  string // "levels of messages", "fields" or "bytes of JSON"
}

// Error names the bound.
func (e *LimitError) Error() string {
	return fmt.Sprintf("body has more than %d %s", e.Limit, e.Unit)
}

// As makes errors.As find the limit that other projections tell.
func (e *LimitError) As(target any) bool {
	found, ok := target.(**project.LimitError)
	if ok {
		*found = &project.LimitError{Kind: project.Messages, Limit: e.Limit, Unit: e.Unit}
	}
	return ok
}

// PairError says which of two bodies could not be written as JSON; a side that
// could has nil.
type PairError struct {
	Base, Other error
}

// Error tells of the sides that failed.
func (e *PairError) Error() string {
	switch {
	case e.Other == nil:
		return "base: " + e.Base.Error()
	case e.Base == nil:
		return "other: " + e.Other.Error()
	}
	return "base: " + e.Base.Error() + ", other: " + e.Other.Error()
}

// Unwrap returns the errors of the sides that failed.
func (e *PairError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Base, e.Other} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func isMalformed(err error) bool {
	return errors.As(err, new(*MalformedError))
}
