package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
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

// ErrTooLong says that evidence is longer than [MaxEvidence].
var ErrTooLong = errors.New("evidence is too long")

// VersionError says that evidence was written by a version of the program that
// this one does not understand, or is no evidence of a contract.
type VersionError struct {
	Schema, Version string
}

// Error says what was found and what can be read.
func (e *VersionError) Error() string {
	if e.Schema != contract.Schema {
		return fmt.Sprintf("schema is %q, want %q: this is no evidence of a contract", e.Schema, contract.Schema)
	}
	return fmt.Sprintf("version is %q, this program reads %s and its minor versions: use the program that wrote it, or a newer one",
		e.Version, contract.SchemaVersion)
}

// Read reads evidence as [JSON] writes it. It refuses another schema and another
// major version with a [*VersionError], more than [MaxEvidence] bytes with
// [ErrTooLong], verdicts and kinds that it does not know, and counts that
// contradict each other; fields that a later minor version added are passed over.
// The report is the caller's.
func Read(r io.Reader) (*contract.Report, error) {
	return read(r, MaxEvidence)
}

func read(r io.Reader, limit int64) (*contract.Report, error) {
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
	if head.Schema != contract.Schema || !readable(head.Version) {
		return nil, fmt.Errorf("read evidence: %w", &VersionError{head.Schema, head.Version})
	}
	report := new(contract.Report)
	if err := json.Unmarshal(data, report); err != nil {
		return nil, placed(data, err)
	}
	if err := check(report); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return report, nil
}

// readable reports whether version has the form major.minor and this program's
// major number.
func readable(version string) bool {
	major, minor, ok := strings.Cut(version, ".")
	own, _, _ := strings.Cut(contract.SchemaVersion, ".")
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
