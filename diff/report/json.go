package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/evidence"
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

// kind is what this package writes and reads.
var kind = evidence.Kind{Schema: diff.Schema, Version: diff.SchemaVersion, What: "a comparison"}

// Decode reads evidence as [JSON] writes it, of up to [MaxEvidence] bytes; see
// [evidence.Kind.Read] for its errors. It refuses verdicts, judgements, categories and
// remedies that it does not know, and counts that contradict each other. The report is
// the caller's.
func Decode(r io.Reader) (*diff.Report, error) { return decode(r, MaxEvidence) }

func decode(r io.Reader, limit int64) (*diff.Report, error) {
	report := new(diff.Report)
	if err := kind.Read(r, limit, report); err != nil {
		return nil, err
	}
	if err := check(report); err != nil {
		return nil, err
	}
	return report, nil
}
