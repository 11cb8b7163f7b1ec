package report

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
)

// MaxEvidence is the length in bytes of the longest evidence that [Read] reads:
// 100,000 interactions with ten mismatches of 1 KiB each.
const MaxEvidence = 1 << 30

//go:embed evidence-pact-1.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of the evidence that [JSON] writes.
// It holds for every minor version up to [SchemaVersion].
func Schema() string { return schema }

// JSON writes e as evidence: indented, the same evidence always as the same bytes.
// Empty lists are written as such, and the schema and version are filled in where e
// has none.
func JSON(w io.Writer, e *Evidence) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(filled(e)); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// filled returns a copy of e without null where a list or an object belongs.
func filled(e *Evidence) *Evidence {
	c := *e
	if c.Schema == "" {
		c.Schema = SchemaName
	}
	if c.Version == "" {
		c.Version = SchemaVersion
	}
	if c.Counts = maps.Clone(c.Counts); c.Counts == nil {
		c.Counts = map[verify.Outcome]int{}
	}
	c.Reasons, c.Account = orEmpty(c.Reasons), orEmpty(c.Account)
	c.Pacts = append([]Pact{}, c.Pacts...)
	for i := range c.Pacts {
		p := &c.Pacts[i]
		p.Results, p.Account = orEmpty(p.Results), orEmpty(p.Account)
		if p.Counts == nil {
			p.Counts = map[verify.Outcome]int{}
		}
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

// Read reads evidence as [JSON] writes it. It refuses another schema and another
// major version, more than [MaxEvidence] bytes with [ErrTooLong], verdicts and
// outcomes that it does not know, and counts that contradict the results; fields that
// a later minor version added are passed over.
func Read(r io.Reader) (*Evidence, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxEvidence+1))
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	if len(data) > MaxEvidence {
		return nil, ErrTooLong
	}
	var e Evidence
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	if e.Schema != SchemaName || !readable(e.Version) {
		return nil, fmt.Errorf("read evidence: it is %q, version %q, and this program reads %s, version %s", e.Schema, e.Version, SchemaName, SchemaVersion)
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return &e, nil
}

// readable reports whether version has the form major.minor and this program's major
// number.
func readable(version string) bool {
	major, minor, ok := strings.Cut(version, ".")
	own, _, _ := strings.Cut(SchemaVersion, ".")
	_, err := strconv.ParseUint(minor, 10, 32)
	return ok && err == nil && major == own
}

// check refuses what would be misread: an unknown verdict could pass for a pass.
func (e *Evidence) check() error {
	sum := map[verify.Outcome]int{}
	for i := range e.Pacts {
		p := &e.Pacts[i]
		own := map[verify.Outcome]int{}
		for j := range p.Results {
			own[p.Results[j].Outcome]++
			sum[p.Results[j].Outcome]++
		}
		if err := consistent(p.Verdict, p.Counts, own); err != nil {
			return fmt.Errorf("pacts[%d]: %w", i, err)
		}
	}
	return consistent(e.Verdict, e.Counts, sum)
}

func consistent(v contract.Verdict, counts, results map[verify.Outcome]int) error {
	if !slices.Contains([]contract.Verdict{contract.Pass, contract.Fail, contract.Inconclusive, contract.Interrupted}, v) {
		return fmt.Errorf("verdict is %q, which this program does not know", v)
	}
	for o := range results {
		if !slices.Contains(outcomes, o) {
			return fmt.Errorf("an outcome is %q, which this program does not know", o)
		}
	}
	for _, o := range outcomes {
		if counts[o] != results[o] {
			return fmt.Errorf("%d results are told as %s, and there are %d", counts[o], o, results[o])
		}
	}
	if v == contract.Pass && results[verify.Failed] > 0 {
		return errors.New("the verdict is pass, and something failed")
	}
	return nil
}
