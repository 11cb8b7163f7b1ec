package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
)

// MaxEvidence is the length in bytes of the longest evidence that [Read] reads:
// 20,000 changes of 1 KB each, and 100 consumers whom 4,000 of them concern, in
// 500 bytes each, are 220 MB.
const MaxEvidence = 256 << 20

// JSON writes r as evidence: indented, the same report always as the same bytes.
// Empty lists are written as such, never as null, and the schema and version are
// filled in where r has none.
func JSON(w io.Writer, r *impact.Report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(evidenceOf(r)); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// evidenceOf returns a copy of r without null where a list belongs; r is not
// changed.
func evidenceOf(r *impact.Report) *impact.Report {
	c := *r
	if c.Schema == "" {
		c.Schema = impact.Schema
	}
	if c.Version == "" {
		c.Version = impact.Version
	}
	c.Reasons = append([]string{}, c.Reasons...)
	c.Consumers = append([]impact.Consumer{}, c.Consumers...)
	for i := range c.Consumers {
		k := &c.Consumers[i]
		k.Effects = append([]impact.Effect{}, k.Effects...)
	}
	return &c
}

// ErrTooLong says that evidence is longer than [MaxEvidence].
var ErrTooLong = errors.New("evidence is too long")

// VersionError says that evidence was written by a version of the program that
// this one does not understand, or is no evidence of compatibility.
type VersionError struct {
	Schema, Version string
}

// Error says what was found and what can be read.
func (e *VersionError) Error() string {
	if e.Schema != impact.Schema {
		return fmt.Sprintf("schema is %q, want %q: this is no evidence of compatibility", e.Schema, impact.Schema)
	}
	return fmt.Sprintf("version is %q, this program reads %s and its minor versions: use the program that wrote it, or a newer one",
		e.Version, impact.Version)
}

// Read reads evidence as [JSON] writes it. It refuses another schema and another
// major version with a [*VersionError], more than [MaxEvidence] bytes with
// [ErrTooLong], and verdicts, levels and directions that it does not know; fields
// that a later minor version added are passed over. Where a document is cut or no
// JSON the error names the line. The report is the caller's.
func Read(r io.Reader) (*impact.Report, error) {
	return read(r, MaxEvidence)
}

func read(r io.Reader, limit int64) (*impact.Report, error) {
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
	if head.Schema != impact.Schema || !readable(head.Version) {
		return nil, fmt.Errorf("read evidence: %w", &VersionError{head.Schema, head.Version})
	}
	report := new(impact.Report)
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
	own, _, _ := strings.Cut(impact.Version, ".")
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

// check refuses what would be misread: an unknown verdict could pass for a pass, an
// unknown level for a safe one.
func check(r *impact.Report) error {
	if err := known("verdict", r.Verdict, contract.Pass, contract.Fail, contract.Inconclusive, contract.Interrupted); err != nil {
		return err
	}
	for i := range r.Consumers {
		k, at := &r.Consumers[i], fmt.Sprintf("consumers[%d].", i)
		err := errors.Join(known(at+"level", k.Level, levels...), known(at+"source", k.Source, "traffic", "pact"))
		if err != nil {
			return err
		}
		for j := range k.Effects {
			if err := known(fmt.Sprintf("%seffects[%d].level", at, j), k.Effects[j].Level, levels...); err != nil {
				return err
			}
			if k.Level == impact.Safe && k.Effects[j].Level == impact.Breaks {
				return fmt.Errorf("%slevel is safe, but effects[%d] breaks it", at, j)
			}
		}
		if k.Level == impact.Breaks && r.Verdict == contract.Pass {
			return fmt.Errorf("verdict is pass, but consumers[%d] breaks", i)
		}
	}
	for i := range r.Changes {
		c, at := &r.Changes[i], fmt.Sprintf("changes[%d].", i)
		err := errors.Join(known(at+"level", c.Level, compat.Breaking, compat.Risky, compat.Safe),
			known(at+"direction", c.Direction, compat.InRequest, compat.InResponse, compat.Operation))
		if err != nil {
			return err
		}
	}
	return nil
}

func known[T ~string](name string, got T, want ...T) error {
	if slices.Contains(want, got) {
		return nil
	}
	return fmt.Errorf("%s is %.40q, which this program does not know", name, got)
}
