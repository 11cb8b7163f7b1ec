package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"twinspect.dev/diff"
)

// MaxEvidence is the length in bytes of the longest evidence that [Decode]
// reads: 20,000 differences with 3 examples of three values of 4 KiB each are
// 720 MiB, and what else they hold is below 300 MiB.
const MaxEvidence = 1 << 30

// JSON writes r as evidence: indented, the same report always as the same
// bytes. Empty lists are written as such, never as null, and the schema and
// version are filled in where r has none. An e-value beyond what JSON can hold
// is written as the greatest number; a number that is none is an error that
// names its place.
func JSON(w io.Writer, r *diff.Report) error {
	r, err := evidenceOf(r)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// evidenceOf returns a copy of r that JSON can hold; r is not changed.
func evidenceOf(r *diff.Report) (*diff.Report, error) {
	c := *r
	if c.Schema == "" {
		c.Schema = diff.Schema
	}
	if c.Version == "" {
		c.Version = diff.SchemaVersion
	}
	c.Sides = orEmpty(c.Sides)
	c.Reasons = orEmpty(c.Reasons)
	c.Operations = orEmpty(c.Operations)
	c.Account = orEmpty(c.Account)
	c.Differences = append([]diff.Difference{}, c.Differences...)
	if c.Rules != nil {
		c.Rules = &diff.RulesInfo{File: c.Rules.File, Rules: orEmpty(c.Rules.Rules)}
	}
	c.Replay = replayOf(c.Replay)
	c.SelfCheck = selfCheckOf(c.SelfCheck)
	for i := range c.Differences {
		if math.IsInf(c.Differences[i].EValue, 1) {
			c.Differences[i].EValue = math.MaxFloat64
		}
	}
	return &c, checkNumbers(&c)
}

func replayOf(r *diff.Replay) *diff.Replay {
	if r == nil {
		return nil
	}
	c := *r
	c.Links = append([]diff.Link(nil), c.Links...)
	for i := range c.Links {
		c.Links[i].Sides = orEmpty(c.Links[i].Sides)
	}
	return &c
}

func selfCheckOf(s *diff.SelfCheck) *diff.SelfCheck {
	if s == nil {
		return nil
	}
	c := *s
	c.Operations = orEmpty(c.Operations)
	c.Blind = append([]diff.BlindSpot{}, c.Blind...)
	for i := range c.Blind {
		c.Blind[i].Mutations, c.Blind[i].By = orEmpty(c.Blind[i].Mutations), orEmpty(c.Blind[i].By)
	}
	return &c
}

func orEmpty[S ~[]E, E any](s S) S {
	if s == nil {
		return S{}
	}
	return s
}

// ErrTooLong says that evidence is longer than [MaxEvidence].
var ErrTooLong = errors.New("evidence is too long")

// VersionError says that evidence was written by a version of the program that
// this one does not understand, or is no evidence of a comparison.
type VersionError struct {
	Schema, Version string
}

// Error says what was found and what can be read.
func (e *VersionError) Error() string {
	if e.Schema != diff.Schema {
		return fmt.Sprintf("schema is %q, want %q: this is no evidence of a comparison", e.Schema, diff.Schema)
	}
	return fmt.Sprintf("version is %q, this program reads %s and its minor versions: use the program that wrote it, or a newer one",
		e.Version, diff.SchemaVersion)
}

// Decode reads evidence as [JSON] writes it. It refuses another schema and
// another major version with a [*VersionError], more than [MaxEvidence] bytes
// with [ErrTooLong], verdicts, judgements, categories and remedies that it does
// not know, and counts that contradict each other; fields that a later minor
// version added are passed over. The report is the caller's.
func Decode(r io.Reader) (*diff.Report, error) {
	return decode(r, MaxEvidence)
}

func decode(r io.Reader, limit int64) (*diff.Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, limit)
	}
	var head struct{ Schema, Version string }
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, placed(data, err)
	}
	if head.Schema != diff.Schema || !readable(head.Version) {
		return nil, fmt.Errorf("read evidence: %w", &VersionError{head.Schema, head.Version})
	}
	report := new(diff.Report)
	if err := json.Unmarshal(data, report); err != nil {
		return nil, placed(data, err)
	}
	if err := check(report); err != nil {
		return nil, err
	}
	return report, nil
}

// readable reports whether version has the form major.minor and this program's
// major number.
func readable(version string) bool {
	major, minor, ok := strings.Cut(version, ".")
	own, _, _ := strings.Cut(diff.SchemaVersion, ".")
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
