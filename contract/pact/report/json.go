package report

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/evidence"
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

// kind is what this package writes and reads.
var kind = evidence.Kind{Schema: SchemaName, Version: SchemaVersion, What: "Pact files"}

// Read reads evidence as [JSON] writes it, of up to [MaxEvidence] bytes; see
// [evidence.Kind.Read] for its errors. It refuses verdicts and outcomes that it does
// not know, and counts that contradict the results.
func Read(r io.Reader) (*Evidence, error) {
	e := new(Evidence)
	if err := kind.Read(r, MaxEvidence, e); err != nil {
		return nil, err
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return e, nil
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
