// Package evidence reads the JSON documents that runs leave behind, whatever they
// are evidence of: each names its schema and its version.
package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrTooLong says that evidence is longer than the reader's bound.
var ErrTooLong = errors.New("evidence is too long")

// Kind is one kind of evidence.
type Kind struct {
	// Schema is its name, Version what this program writes: "major.minor".
	Schema, Version string
	// What says what it is evidence of, such as "a comparison".
	What string
}

// VersionError says that evidence is of another kind, or was written by a version of
// the program that this one does not understand.
type VersionError struct {
	Kind            Kind
	Schema, Version string
}

// Error says what was found and what can be read.
func (e *VersionError) Error() string {
	if e.Schema != e.Kind.Schema {
		return fmt.Sprintf("schema is %q, want %q: this is no evidence of %s", e.Schema, e.Kind.Schema, e.Kind.What)
	}
	return fmt.Sprintf("version is %q, this program reads %s and its minor versions: use the program that wrote it, or a newer one",
		e.Version, e.Kind.Version)
}

// Read reads evidence of the kind into a value. It refuses another schema and
// another major version with a [*VersionError], and more than limit bytes with
// [ErrTooLong]; fields that a later minor version added are passed over. Where a
// document is cut or no JSON the error names the line.
func (k Kind) Read(r io.Reader, limit int64, into any) error {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return fmt.Errorf("read evidence: %w", err)
	}
	if int64(len(data)) > limit {
		return fmt.Errorf("%w: more than %d bytes", ErrTooLong, limit)
	}
	var head struct{ Schema, Version string }
	if err := json.Unmarshal(data, &head); err != nil {
		return placed(data, err)
	}
	if head.Schema != k.Schema || !k.reads(head.Version) {
		return fmt.Errorf("read evidence: %w", &VersionError{k, head.Schema, head.Version})
	}
	if err := json.Unmarshal(data, into); err != nil {
		return placed(data, err)
	}
	return nil
}

// reads reports whether version has the form major.minor and this program's major
// number.
func (k Kind) reads(version string) bool {
	major, minor, ok := strings.Cut(version, ".")
	own, _, _ := strings.Cut(k.Version, ".")
	_, err := strconv.ParseUint(minor, 10, 32)
	return ok && err == nil && major == own
}

// placed adds the line at which data could not be read to err.
func placed(data []byte, err error) error {
	offset := int64(len(data))
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &mistyped):
		offset = mistyped.Offset
	}
	offset = min(max(offset, 0), int64(len(data)))
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	return fmt.Errorf("read evidence: line %d, offset %d: %w", line, offset, err)
}
