package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/diff/report/evidence"
)

// MaxEvidence is the length in bytes of the longest evidence that [Read] reads:
// 10,000 findings with three steps of two bodies of 16 KiB each, written with
// escapes, are 960 MB.
const MaxEvidence = 1 << 30

// JSON writes r as evidence: indented, the same report always as the same bytes.
// Empty lists are written as such, never as null, and the schema and version are
// filled in where r has none. A latency that is no number is an error.
func JSON(w io.Writer, r *contract.Report) error {
	c := evidenceOf(r)
	if err := checkNumbers(c); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// evidenceOf returns a copy of r without null where a list belongs; r is not
// changed.
func evidenceOf(r *contract.Report) *contract.Report {
	c := *r
	if c.Schema == "" {
		c.Schema = contract.Schema
	}
	if c.Version == "" {
		c.Version = contract.SchemaVersion
	}
	c.Reasons, c.Cases, c.Checks = orEmpty(c.Reasons), orEmpty(c.Cases), orEmpty(c.Checks)
	c.Findings = append([]contract.Finding{}, c.Findings...)
	for i := range c.Findings {
		f := &c.Findings[i]
		f.Cases, f.Example.Steps = orEmpty(f.Cases), orEmpty(f.Example.Steps)
	}
	c.Coverage.Operations = append([]contract.OperationCoverage{}, c.Coverage.Operations...)
	for i := range c.Coverage.Operations {
		op := &c.Coverage.Operations[i]
		op.Items = orEmpty(op.Items)
	}
	return &c
}

func orEmpty[S ~[]E, E any](s S) S {
	if s == nil {
		return S{}
	}
	return s
}

// checkNumbers names the place of a number that JSON cannot hold, or that no
// latency can be.
func checkNumbers(r *contract.Report) error {
	if l := r.Latency; l != nil {
		for name, ms := range map[string]float64{"p50_ms": l.P50, "p90_ms": l.P90, "p99_ms": l.P99, "max_ms": l.Max} {
			if !countable(ms) {
				return fmt.Errorf("evidence: latency.%s is %v", name, ms)
			}
		}
	}
	for i := range r.Findings {
		for j, s := range r.Findings[i].Example.Steps {
			if !countable(s.Latency) {
				return fmt.Errorf("evidence: findings[%d].example.steps[%d].latency_ms is %v", i, j, s.Latency)
			}
		}
	}
	return nil
}

func countable(ms float64) bool { return ms >= 0 && !math.IsInf(ms, 1) }

// kind is what this package writes and reads.
var kind = evidence.Kind{Schema: contract.Schema, Version: contract.SchemaVersion, What: "a contract"}

// Read reads evidence as [JSON] writes it, of up to [MaxEvidence] bytes; see
// [evidence.Kind.Read] for its errors. It refuses verdicts and kinds that it does not
// know, and counts that contradict each other. The report is the caller's.
func Read(r io.Reader) (*contract.Report, error) { return read(r, MaxEvidence) }

func read(r io.Reader, limit int64) (*contract.Report, error) {
	report := new(contract.Report)
	if err := kind.Read(r, limit, report); err != nil {
		return nil, err
	}
	if err := check(report); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return report, nil
}

// check refuses what would be misread: an unknown verdict could pass for a pass,
// and counts that do not balance hide what was not run.
func check(r *contract.Report) error {
	if !slices.Contains([]contract.Verdict{contract.Pass, contract.Fail, contract.Inconclusive, contract.Interrupted}, r.Verdict) {
		return fmt.Errorf("verdict is %q, which this program does not know", r.Verdict)
	}
	for i, k := range r.Cases {
		if !slices.Contains(kinds, k.Kind) {
			return fmt.Errorf("cases[%d].kind is %q, which this program does not know", i, k.Kind)
		}
		if !balanced(k.Made, k.Passed, k.Broken, sum(k.NotRun)) {
			return fmt.Errorf("cases[%d]: %d were made, but passed, broken and not run are not as many", i, k.Made)
		}
	}
	for i, c := range r.Checks {
		if c.Broken > c.Made {
			return fmt.Errorf("checks[%d]: %d were broken of %d", i, c.Broken, c.Made)
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Seen > f.Asked {
			return fmt.Errorf("findings[%d]: came %d times again, asked %d times", i, f.Seen, f.Asked)
		}
	}
	return nil
}

// kinds are the kinds of cases in the order in which they are told.
var kinds = []contract.Kind{contract.Positive, contract.Negative, contract.Sequence}

// balanced reports whether the parts are the whole, without overflow.
func balanced(whole uint64, parts ...uint64) bool {
	for _, p := range parts {
		if p > whole {
			return false
		}
		whole -= p
	}
	return whole == 0
}

// sum adds counts, staying at the greatest number where it would be passed.
func sum(counts map[capture.Reason]uint64) uint64 {
	total := uint64(0)
	for _, n := range counts {
		if total > math.MaxUint64-n {
			return math.MaxUint64
		}
		total += n
	}
	return total
}
