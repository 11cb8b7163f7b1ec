package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/klauspost/compress/gzip"

	"twinspect.dev/diff"
)

// The bounds of a page. What a browser must unpack before it shows the list is
// the index alone, whose raw size is bounded so that it does so within a second;
// all the rest is unpacked when it is looked at.
const (
	maxPage      = 5_000_000 // bytes
	maxRawIndex  = 16 << 20
	maxRawDetail = 96 << 20 // a search unpacks it all into the tab's memory
	leastRow     = 128      // bytes of a row's JSON: its names alone take as many
	chunkLength  = 256      // differences: one is unpacked in milliseconds
	shortValue   = 200      // bytes of a value where not all fits
)

// leftOut counts what the page leaves to the evidence.
type leftOut struct {
	Differences uint64 `json:"differences"` // not on the page at all
	Details     uint64 `json:"details"`     // in the list alone
	Examples    uint64 `json:"examples"`    // without examples
	Shortened   uint64 `json:"shortened"`   // with one example, cut short
	Operations  uint64 `json:"operations"`  // without latencies
}

// row is what the page's list shows of a difference.
type row struct {
	Operation string         `json:"operation"`
	Part      diff.Part      `json:"part"`
	Path      string         `json:"path,omitempty"`
	Kind      diff.Kind      `json:"kind"`
	N         uint64         `json:"n"`
	Branch    uint64         `json:"branch"`
	Control   uint64         `json:"control"`
	Paired    bool           `json:"paired,omitempty"`
	Judgement diff.Judgement `json:"judgement"`
	EValue    float64        `json:"e_value"`
	Category  diff.Category  `json:"category,omitempty"`
	// Says and Cause are in words what the samples prove, and what to do.
	Says  string `json:"says"`
	Cause string `json:"cause,omitempty"`
}

func rowOf(d *diff.Difference) row {
	return row{
		Operation: d.Operation, Part: d.Part, Path: d.Path, Kind: d.Kind, N: d.N, Branch: d.Branch, Control: d.Control,
		Paired: d.Paired, Judgement: d.Judgement, EValue: d.EValue, Category: d.Category, Says: decided(d), Cause: cause(d.Category, d.Remedy),
	}
}

// packed is the evidence as the page carries it: each part JSON, compressed with
// gzip (RFC 1952), in base64.
type packed struct {
	Index  string   // {"differences": [row…], "chunk": chunkLength, "left": leftOut}
	Rest   string   // the report without differences
	Chunks []string // the differences, chunkLength at a time, the most important first
}

// packer fills a page up to its budget.
type packer struct {
	budget int // bytes that the page may still grow by
	raw    int // bytes that details may still unpack to
	buf    bytes.Buffer
	gz     *gzip.Writer
}

// pack puts into budget bytes as much of r as fits: the list first, then the
// details of each difference, an example of each, and all examples, each for the
// most important differences first.
func pack(r *diff.Report, budget int) (*packed, error) {
	p := &packer{budget: budget, raw: maxRawDetail, gz: gzip.NewWriter(nil)}
	var left leftOut
	out := new(packed)
	var err error
	if out.Rest, left.Operations, err = p.rest(r); err != nil {
		return nil, err
	}
	rows := make([]row, len(r.Differences))
	for i := range r.Differences {
		rows[i] = rowOf(&r.Differences[i])
	}
	shown, err := p.fitting(rows)
	if err != nil {
		return nil, err
	}
	left.Differences = uint64(len(rows) - shown)
	if out.Chunks, err = p.details(r.Differences[:shown], &left); err != nil {
		return nil, err
	}
	out.Index, _, err = p.squeeze(map[string]any{"differences": rows[:shown], "chunk": chunkLength, "left": left})
	return out, err
}

// squeeze packs v, and tells the length of its JSON.
func (p *packer) squeeze(v any) (string, int, error) {
	p.buf.Reset()
	p.gz.Reset(&p.buf)
	raw := new(bytes.Buffer)
	e := json.NewEncoder(raw)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", 0, fmt.Errorf("write evidence: %w", err)
	}
	n := raw.Len()
	if _, err := raw.WriteTo(p.gz); err != nil {
		return "", 0, fmt.Errorf("pack evidence: %w", err)
	}
	if err := p.gz.Close(); err != nil {
		return "", 0, fmt.Errorf("pack evidence: %w", err)
	}
	return base64.StdEncoding.EncodeToString(p.buf.Bytes()), n, nil
}

// rest packs all but the differences into a third of the budget, without
// latencies where they do not fit.
func (p *packer) rest(r *diff.Report) (string, uint64, error) {
	c := *r
	c.Differences = []diff.Difference{}
	text, _, err := p.squeeze(&c)
	if err != nil || len(text) <= p.budget/3 {
		p.budget -= len(text)
		return text, 0, err
	}
	c.Operations = make([]diff.Operation, len(r.Operations))
	for i, op := range r.Operations {
		op.Latency = nil
		c.Operations[i] = op
	}
	text, _, err = p.squeeze(&c)
	if err == nil && len(text) > p.budget/3 { // text without end in the rest of the report
		text, _, err = p.squeeze(&diff.Report{Differences: c.Differences, Operations: []diff.Operation{}})
	}
	p.budget -= len(text)
	return text, uint64(len(r.Operations)), err
}

// fitting returns how many rows fit into half of the budget, and takes from it
// what they need.
func (p *packer) fitting(rows []row) (int, error) {
	for n := min(len(rows), maxRawIndex/leastRow); ; n /= 2 {
		text, raw, err := p.squeeze(rows[:n])
		if err != nil {
			return 0, err
		}
		if n == 0 || raw <= maxRawIndex && len(text) <= p.budget/2 {
			p.budget -= len(text) + 1024 // and what the counts of what is left out take
			return n, nil
		}
	}
}

// levels are what may be told of a difference, the least first.
var levels = []func(diff.Difference) diff.Difference{
	func(d diff.Difference) diff.Difference { d.Examples = nil; return d },
	shortened,
	func(d diff.Difference) diff.Difference { return d },
}

// shortened keeps one example, its values cut.
func shortened(d diff.Difference) diff.Difference {
	if len(d.Examples) > 0 {
		e := d.Examples[0]
		for _, s := range []*string{&e.Target, &e.At, &e.Base, &e.Branch, &e.Control} {
			*s = clip(*s, shortValue)
		}
		d.Examples = []diff.Example{e}
	}
	return d
}

// chunk is some differences and how they are packed.
type chunk struct {
	differences []diff.Difference
	level, raw  int
	text        string
}

func (p *packer) details(differences []diff.Difference, left *leftOut) ([]string, error) {
	var chunks []*chunk
	for i := 0; i < len(differences); i += chunkLength {
		chunks = append(chunks, &chunk{differences: differences[i:min(i+chunkLength, len(differences))], level: -1})
	}
	for level := range levels {
		for _, c := range chunks {
			if fits, err := p.raise(c, level); err != nil {
				return nil, err
			} else if !fits {
				break
			}
		}
	}
	texts := make([]string, 0, len(chunks))
	for _, c := range chunks {
		n := uint64(len(c.differences))
		switch c.level {
		case -1:
			left.Details += n
		case 0:
			left.Examples += n
		case 1:
			left.Shortened += n
		}
		texts = append(texts, c.text)
	}
	return texts, nil
}

// raise packs c at the level and reports whether it fits; where it does not, c
// stays as it is.
func (p *packer) raise(c *chunk, level int) (bool, error) {
	if c.level != level-1 {
		return false, nil
	}
	list := make([]diff.Difference, len(c.differences))
	for i := range c.differences {
		list[i] = levels[level](c.differences[i])
	}
	text, raw, err := p.squeeze(list)
	if err != nil || len(text)+1-len(c.text) > p.budget || raw-c.raw > p.raw {
		return false, err
	}
	p.budget -= len(text) + 1 - len(c.text)
	p.raw -= raw - c.raw
	c.level, c.raw, c.text = level, raw, text
	return true, nil
}

// elements are what is packed as elements that no browser runs: the index, which
// comes before the script, and the rest, which comes after it, so that the list
// is drawn while a browser still reads the details.
func (p *packed) elements() (index, rest string) {
	return element("index", p.Index), element("rest", p.Rest) + element("details", strings.Join(p.Chunks, "\n"))
}

func element(name, text string) string {
	return fmt.Sprintf("<script type=\"application/gzip\" id=\"packed-%s\">%s</script>\n", name, text)
}
