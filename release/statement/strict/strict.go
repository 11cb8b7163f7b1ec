// Package strict holds JSON from outside to what has one reading only, and to what a
// reader of bounded memory can take, before it is decoded.
//
// encoding/json takes the last of two members of one name, and a member whose name
// differs in case alone for the same: what one reader approves another one may read
// otherwise. Both are refused here.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// The bounds keep the memory of a decoded document to a small multiple of its length.
const (
	// MaxObjects is how many objects a document may hold: the largest one in
	// evidence, a difference, takes 600 bytes decoded, so they are 315 MB at worst.
	// Reports of 20,000 differences, or of 20,000 changes and 100 consumers with
	// 4,000 effects each, have fewer.
	MaxObjects = 1 << 19
	// minObject is the least length in bytes of the average object, as of the bars of
	// a distribution without white space: a short document shall not decode to much.
	// fewObjects are taken of any.
	minObject  = 24
	fewObjects = 1000
	// MaxValues is how many values a document may hold: written with a line for each
	// of at least 16 bytes, they are 64 MiB. A text takes 16 bytes besides its own.
	MaxValues = 1 << 22
	// MaxMembers is how many members an object may have: no object of evidence has 40
	// of its own, and the reasons, faults and sides that it counts by are a few dozen.
	MaxMembers = 1000
	// MaxDepth is how deep values may nest: those of evidence do to 8.
	MaxDepth = 64
)

// ErrTooMuch says that a document holds more than this program takes.
var ErrTooMuch = errors.New("it holds more than is taken")

// Check returns an error, with its place, unless data is one JSON value within the
// bounds, in UTF-8, none of whose objects names a member twice.
func Check(data []byte) error {
	c := checker{data: data, d: jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))}
	for {
		err := c.next()
		if errors.Is(err, io.EOF) && c.values > 0 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		if err != nil {
			return c.placed(err)
		}
	}
}

// checker walks over the tokens; names has those of each open object, nil for an
// array.
type checker struct {
	data            []byte
	d               *jsontext.Decoder
	names           []map[string]bool
	objects, values int
}

func (c *checker) next() error {
	if c.values > 0 && len(c.names) == 0 {
		return c.rest()
	}
	named := c.named()
	token, err := c.d.ReadToken()
	if err != nil {
		return err
	}
	if named && token.Kind() == '"' {
		return c.name(token.String())
	}
	switch token.Kind() {
	case '{':
		c.objects++
		return c.open(map[string]bool{})
	case '[':
		return c.open(nil)
	case '}', ']':
		c.names = c.names[:len(c.names)-1]
		return nil
	}
	return c.count()
}

// named reports whether the next token is the name of a member, or the end of its
// object.
func (c *checker) named() bool {
	if len(c.names) == 0 {
		return false
	}
	kind, n := c.d.StackIndex(c.d.StackDepth())
	return kind == '{' && n%2 == 0
}

func (c *checker) name(name string) error {
	members := c.names[len(c.names)-1]
	folded := fold(name)
	if members[folded] {
		return fmt.Errorf("the member %.40q is there twice, or another one differs from it in case alone", name)
	}
	if len(members) == MaxMembers {
		return fmt.Errorf("%w: more than %d members in one object", ErrTooMuch, MaxMembers)
	}
	members[folded] = true
	return nil
}

func (c *checker) open(names map[string]bool) error {
	if len(c.names) == MaxDepth {
		return fmt.Errorf("%w: more than %d levels", ErrTooMuch, MaxDepth)
	}
	c.names = append(c.names, names)
	if most := min(MaxObjects, fewObjects+len(c.data)/minObject); c.objects > most {
		return fmt.Errorf("%w: more than %d objects", ErrTooMuch, most)
	}
	return c.count()
}

func (c *checker) count() error {
	if c.values++; c.values > MaxValues {
		return fmt.Errorf("%w: more than %d values", ErrTooMuch, MaxValues)
	}
	return nil
}

// rest returns io.EOF unless something follows the value.
func (c *checker) rest() error {
	_, err := c.d.ReadToken()
	if err == nil {
		return errors.New("something follows its end")
	}
	return err
}

// placed adds the line at which data could not be taken.
func (c *checker) placed(err error) error {
	offset := c.d.InputOffset()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		offset, err = syntax.ByteOffset, syntax.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		offset, err = int64(len(c.data)), errors.New("it ends before its JSON does: was it cut")
	}
	offset = min(max(offset, 0), int64(len(c.data)))
	line := 1 + bytes.Count(c.data[:offset], []byte("\n"))
	return fmt.Errorf("line %d, offset %d: %w", line, offset, err)
}

// fold maps names that encoding/json takes for the same to one.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name)
}
