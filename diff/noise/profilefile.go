package noise

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

// ProfileSchema names the stored form of a [Profile], ProfileVersion is its
// version. A reader refuses any other.
const (
	ProfileSchema  = "twinspect.dev/noise-profile"
	ProfileVersion = 1
)

// profileHeader is the first line of a stored profile.
type profileHeader struct {
	Schema  string `json:"schema"`
	Version int    `json:"version"`
	Runs    uint64 `json:"runs"`
	Cells   int    `json:"cells"`
	Cut     uint64 `json:"cut,omitempty"`
}

// profileLine is one cell of it.
type profileLine struct {
	Operation Text      `json:"operation"`
	Part      diff.Part `json:"part"`
	Path      Text      `json:"path,omitempty"`
	Kind      diff.Kind `json:"kind"`
	Runs      uint64    `json:"runs"`
	Last      uint64    `json:"last_run"`
	Outcomes  float64   `json:"outcomes"`
	Differing float64   `json:"differing"`
	// Classes are the names of those that the values have in common, left out
	// where none was learned.
	Classes []string `json:"classes,omitempty"`
}

// Encode writes the profile as lines of JSON: the first tells what it is, each
// other is one cell, in the order of their names, so that two profiles can be
// compared line by line. A nil profile is written as one of no runs.
func (p *Profile) Encode(w io.Writer) error {
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	err := e.Encode(profileHeader{ProfileSchema, ProfileVersion, p.Runs(), int(p.Cells()), p.Cut()})
	if p != nil {
		for _, name := range p.names() {
			err = errors.Join(err, e.Encode(p.cells[name].line(name)))
		}
	}
	if err = errors.Join(err, b.Flush()); err != nil {
		return fmt.Errorf("encode noise profile: %w", err)
	}
	return nil
}

func (k *known) line(name diff.Cell) profileLine {
	l := profileLine{
		Operation: Text(name.Operation), Part: name.Part, Path: Text(name.Path), Kind: name.Kind,
		Runs: k.Runs, Last: k.Last, Outcomes: k.Outcomes, Differing: k.Differing,
	}
	if k.Classes == class.All {
		return l
	}
	for _, c := range class.Names() {
		if one, err := class.Parse(c); err == nil && k.Classes.Has(one) {
			l.Classes = append(l.Classes, c)
		}
	}
	return l
}

// maxProfileLine bounds a line in bytes: names of operations and paths of 1 KiB
// are shorter by far, even where JSON escapes each byte by six.
const maxProfileLine = 1 << 20

// DecodeProfile reads what [Profile.Encode] wrote, to the end of r. It trusts
// nothing: what no run learns is an error that names the line.
func DecodeProfile(r io.Reader) (*Profile, error) {
	d := profileReader{lines: bufio.NewScanner(r)}
	d.lines.Buffer(nil, maxProfileLine)
	p, err := d.profile()
	if err != nil {
		return nil, fmt.Errorf("decode noise profile: line %d: %w", d.line, err)
	}
	return p, nil
}

type profileReader struct {
	lines *bufio.Scanner
	line  int
}

func (d *profileReader) profile() (*Profile, error) {
	var h profileHeader
	if err := d.next(&h); err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	p := &Profile{runs: h.Runs, cut: h.Cut, cells: make(map[diff.Cell]*known)}
	for range h.Cells {
		var l profileLine
		if err := d.next(&l); err != nil {
			return nil, err
		}
		if err := p.add(&l); err != nil {
			return nil, err
		}
	}
	d.line++
	if d.lines.Scan() {
		return nil, fmt.Errorf("more than %d cells", h.Cells)
	}
	return p, d.lines.Err()
}

// next reads a line that holds one value and nothing that is not known.
func (d *profileReader) next(v any) error {
	d.line++
	if !d.lines.Scan() {
		return cmpErr(d.lines.Err(), io.ErrUnexpectedEOF)
	}
	decoder := json.NewDecoder(bytes.NewReader(d.lines.Bytes()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}

// cmpErr returns the first that is an error.
func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func (h *profileHeader) check() error {
	switch {
	case h.Schema != ProfileSchema:
		return fmt.Errorf("%.80q is not %s", h.Schema, ProfileSchema)
	case h.Version != ProfileVersion:
		return fmt.Errorf("it has version %d, this program reads and writes %d", h.Version, ProfileVersion)
	case h.Cells < 0 || h.Cells > maxKnown:
		return fmt.Errorf("%d cells are more than %d", h.Cells, maxKnown)
	}
	return bounded(h.Runs, h.Cut)
}

func (p *Profile) add(l *profileLine) error {
	name := diff.Cell{Operation: string(l.Operation), Place: diff.Place{Part: l.Part, Path: string(l.Path)}, Kind: l.Kind}
	if p.cells[name] != nil {
		return fmt.Errorf("cell %.80q of %.80q twice", l.Path, l.Operation)
	}
	k, err := l.known(p.runs)
	if err != nil {
		return fmt.Errorf("cell %.80q of %.80q: %w", l.Path, l.Operation, err)
	}
	p.cells[name] = k
	return nil
}

func (l *profileLine) known(runs uint64) (*known, error) {
	k := &known{Runs: l.Runs, Last: l.Last, Outcomes: l.Outcomes, Differing: l.Differing, Classes: class.All}
	switch {
	case len(l.Path) > maxShown || len(l.Part) > maxText || len(l.Kind) > maxText:
		return nil, fmt.Errorf("a name of more than %d bytes", maxText)
	case l.Runs == 0 || l.Runs > l.Last || l.Last > runs:
		return nil, fmt.Errorf("seen in %d runs, the last number %d of %d", l.Runs, l.Last, runs)
	case !(l.Differing > 0 && l.Differing <= l.Outcomes && l.Outcomes <= maxWeight):
		return nil, fmt.Errorf("differing in %g of %g outcomes", l.Differing, l.Outcomes)
	case rounded(l.Differing) != l.Differing || rounded(l.Outcomes) != l.Outcomes:
		return nil, errors.New("counts of more than two decimals")
	case len(l.Classes) > 0:
		k.Classes = 0
	}
	for i, name := range l.Classes {
		c, err := class.Parse(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(l.Classes[:i], name) {
			return nil, fmt.Errorf("class %q twice", name)
		}
		k.Classes |= class.SetOf(c)
	}
	if !isValue(k.Classes) || k.Classes == class.All && len(l.Classes) > 0 {
		return nil, errors.New("classes that no value has")
	}
	return k, nil
}
