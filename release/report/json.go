package report

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"twinspect.dev/diff/report/evidence"
	"twinspect.dev/release"
)

// MaxVerdict is the length in bytes of the longest verdict that [Read] reads: 4 kinds
// of evidence of 10,000 operations, a reason of 1.5 KiB for each.
const MaxVerdict = 64 << 20

//go:embed verdict-1.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of the verdict that [JSON] writes. It
// holds for every minor version up to [release.VerdictVersion].
func Schema() string { return schema }

// JSON writes v: indented, the same verdict always as the same bytes. Reasons are
// written as a list where there are none, and the schema and version are filled in
// where v has none. A weight that is no number is an error.
func JSON(w io.Writer, v *release.Verdict) error {
	c := *v
	if c.Schema == "" {
		c.Schema = release.VerdictSchema
	}
	if c.Version == "" {
		c.Version = release.VerdictVersion
	}
	if c.Reasons == nil {
		c.Reasons = []release.Reason{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(&c); err != nil {
		return fmt.Errorf("write verdict: %w", err)
	}
	return nil
}

// kind is what this package writes and reads.
var kind = evidence.Kind{Schema: release.VerdictSchema, Version: release.VerdictVersion, What: "a release's verdict"}

// Read reads a verdict as [JSON] writes it, of up to [MaxVerdict] bytes; see
// [evidence.Kind.Read] for its errors. It refuses decisions that it does not know, and
// a decision that its own reasons contradict. The verdict is the caller's.
func Read(r io.Reader) (*release.Verdict, error) { return read(r, MaxVerdict) }

func read(r io.Reader, limit int64) (*release.Verdict, error) {
	v := new(release.Verdict)
	if err := kind.Read(r, limit, v); err != nil {
		return nil, err
	}
	if err := check(v); err != nil {
		return nil, fmt.Errorf("read verdict: %w", err)
	}
	return v, nil
}

var (
	errNoReasons = errors.New("it has no reasons, and every verdict has one")
	errNotTold   = errors.New("a reason calls for worse than the verdict, and no override says why it was not followed")
)

// check refuses what would be misread: what is no decision, a weight that is no share,
// and a verdict that is better than its reasons without the word of a person.
func check(v *release.Verdict) error {
	if err := known("verdict", v.Decision); err != nil {
		return err
	}
	if v.MaxWeight < 0 || v.MaxWeight > 1 {
		return fmt.Errorf("max_weight is %v, want 0 to 1", v.MaxWeight)
	}
	if len(v.Reasons) == 0 {
		return errNoReasons
	}
	worst := release.Promote
	for i := range v.Reasons {
		if err := known(fmt.Sprintf("reasons[%d].decision", i), v.Reasons[i].Decision); err != nil {
			return err
		}
		worst = release.Worst(worst, v.Reasons[i].Decision)
	}
	if v.Override == nil {
		if worst.Rank() > v.Decision.Rank() {
			return errNotTold
		}
		return nil
	}
	return known("override.decision", v.Override.Decision)
}

func known(name string, d release.Decision) error {
	if slices.Contains([]release.Decision{release.Promote, release.Hold, release.Rollback}, d) {
		return nil
	}
	return fmt.Errorf("%s is %.40q, which this program does not know", name, d)
}
