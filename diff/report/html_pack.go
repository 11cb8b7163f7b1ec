package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"twinspect.dev/diff"
)

// The bounds of a page. What a browser must unpack before it shows the list is
// the index alone, whose raw size is bounded so that it does so within a second;
// all the rest is unpacked when it is looked at.
const (
	maxPage      = 5_000_000 // bytes
	cutPage      = 2_500_000 // of one that does not hold everything anyway: it opens in half the time
	maxRawIndex  = 16 << 20
	maxRows      = 200_000  // a browser makes as many in a tenth of a second
	maxRawDetail = 96 << 20 // a search unpacks it all into the tab's memory
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

// packed is the evidence as the page carries it: each part JSON, compressed with
// gzip (RFC 1952), in base64.
type packed struct {
	Index  string   // an index
	Rest   string   // the report without differences
	Chunks []string // the differences, chunkLength at a time, the most important first
}

// packer fills a page up to its budget.
type packer struct {
	budget   int // bytes that the page may still grow by
	raw, buf bytes.Buffer
	gz       *gzip.Writer
}

// pack puts into budget bytes as much of r as fits: the list first, then the
// details of each difference, an example of each, and all examples, each for the
// most important differences first.
func pack(r *diff.Report, budget int) (*packed, error) {
	p := &packer{budget: budget, gz: gzip.NewWriter(nil)}
	var left leftOut
	out := new(packed)
	var err error
	if out.Rest, left.Operations, err = p.rest(r); err != nil {
		return nil, err
	}
	list, shown, err := p.fitting(r.Differences)
	if err != nil {
		return nil, err
	}
	left.Differences = uint64(len(r.Differences) - shown)
	if out.Chunks, err = p.details(r.Differences[:shown], &left); err != nil {
		return nil, err
	}
	list.Left = left
	out.Index, _, err = p.squeeze(list)
	return out, err
}

// squeeze packs v, and tells the length of its JSON.
func (p *packer) squeeze(v any) (string, int, error) {
	p.raw.Reset()
	e := json.NewEncoder(&p.raw)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", 0, fmt.Errorf("write evidence: %w", err)
	}
	n := p.raw.Len()
	p.buf.Reset()
	p.gz.Reset(&p.buf)
	if _, err := p.gz.Write(p.raw.Bytes()); err != nil {
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

// fitting returns the index of as many differences as fit into half of the budget,
// and takes from it what they need.
func (p *packer) fitting(differences []diff.Difference) (*index, int, error) {
	for n := min(len(differences), maxRows); ; n /= 2 {
		list := indexOf(differences[:n])
		text, raw, err := p.squeeze(list)
		if err != nil {
			return nil, 0, err
		}
		if n == 0 || raw <= maxRawIndex && len(text) <= p.budget/2 {
			p.budget -= len(text) + 1024 // and what the counts of what is left out take
			return list, n, nil
		}
	}
}

// write writes the elements that no browser runs, and the page's script between
// them: the index comes before it and the details after it, so that the list is
// drawn while a browser still reads the details.
func (p *packed) write(w io.Writer, script string) error {
	const open, end = `<script type="application/gzip" id="packed-%s">`, "</script>\n"
	parts := []string{fmt.Sprintf(open, "index"), p.Index, end, script, fmt.Sprintf(open, "rest"), p.Rest, end, fmt.Sprintf(open, "details")}
	for i, c := range p.Chunks {
		if i > 0 {
			parts = append(parts, "\n")
		}
		parts = append(parts, c)
	}
	for _, s := range append(parts, end) {
		if _, err := io.WriteString(w, s); err != nil {
			return err
		}
	}
	return nil
}
