package jsondiff

import (
	"bytes"
	"fmt"

	"twinspect.dev/diff"
)

// Change is one difference between two documents.
type Change struct {
	// Path leads to the value. The index of an element is base's; for an Added
	// element, and what lies inside of it, it is other's.
	Path Path
	// Kind is Changed, Retyped, Removed, Added, Reordered or Moved.
	Kind diff.Kind
	// Base and Other are the two values in their JSON form as the documents
	// have it; nil for the one that is missing.
	Base, Other []byte
	// To is the index in other's array of an element that Moved, 0 for the rest.
	To int
}

// ArrayRule says how the elements of an array are matched.
type ArrayRule struct {
	// Unordered compares the elements as a multiset.
	Unordered bool
	// Key holds the names of the members that together identify an element.
	// Elements of the same key, or without any, are matched in their order.
	Key []string
}

// DefaultMaxDepth is how deep documents may be nested unless Options says
// otherwise. Real answers stay below 100; encoding/json stops at 10000.
const DefaultMaxDepth = 512

// Options tune a comparison. The zero value is ready to use.
type Options struct {
	// Array returns the rule for the array at the path, which is valid only
	// during the call. It is asked only for arrays that differ. nil stands for
	// the zero rule everywhere.
	Array func(Path) ArrayRule
	// Rename returns the name that other has for a member of the object at the
	// path, which is valid only during the call. It is asked only for a member of
	// base that other lacks; where it tells a name, and other has a member of that
	// name that base lacks, the two are compared as one, under base's name. nil
	// stands for no other names.
	Rename func(path Path, name string) (other string, ok bool)
	// MaxDepth is how deep documents may be nested, counting arrays and
	// objects; 0 stands for DefaultMaxDepth.
	MaxDepth int
}

func (o *Options) maxDepth() int {
	if o.MaxDepth > 0 {
		return o.MaxDepth
	}
	return DefaultMaxDepth
}

// Side names one of the two documents.
type Side string

// The two documents.
const (
	Base  Side = "base"
	Other Side = "other"
)

// SyntaxError reports a document that is not JSON.
type SyntaxError struct {
	Side   Side
	Offset int // in bytes, from 0
	Line   int // from 1
	Column int // in bytes, from 1
	Msg    string
}

// Error names the side, the place, and what was found there.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s is not JSON: line %d, column %d (offset %d): %s", e.Side, e.Line, e.Column, e.Offset, e.Msg)
}

func newSyntaxError(side Side, src []byte, offset int, msg string) *SyntaxError {
	before := src[:offset]
	return &SyntaxError{
		Side:   side,
		Offset: offset,
		Line:   1 + bytes.Count(before, []byte{'\n'}),
		Column: offset - bytes.LastIndexByte(before, '\n'),
		Msg:    msg,
	}
}

// LimitError reports a document that is larger or deeper than can be compared.
type LimitError struct {
	Side   Side
	Offset int // where the limit was passed
	Limit  int
	Unit   string // "levels" or "bytes"
}

// Error names the side and the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s has more than %d %s of JSON at offset %d", e.Side, e.Limit, e.Unit, e.Offset)
}
