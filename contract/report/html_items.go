package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// itemsAChunk is how many operations are unpacked together when one is opened:
// milliseconds.
const itemsAChunk = 64

// item is an item of the coverage as the page's script reads it: part, name,
// state, times kept to, times broken, and what is missing.
type item [6]any

// items packs the items of the coverage, JSON compressed with gzip (RFC 1952) in
// base64, a line for each itemsAChunk operations. A chunk that does not fit is
// empty: the page then leaves it to the evidence.
func (p *page) items() {
	p.write([]byte("\n<script id=\"items\" type=\"text/plain\">"))
	operations, room := p.view.Report.Coverage.Operations, maxItemBytes
	for i := 0; i < len(operations); i += itemsAChunk {
		text, err := packed(operations[i:min(i+itemsAChunk, len(operations))])
		if err != nil && p.err == nil {
			p.err = err
		}
		if len(text) > room {
			text = nil
		}
		room -= len(text)
		p.write(append(text, '\n'))
	}
	p.write([]byte("</script>\n"))
}

func packed(operations []contract.OperationCoverage) ([]byte, error) {
	list := make([][]item, len(operations))
	for i := range operations {
		list[i] = []item{}
		for j := range operations[i].Items {
			it := &operations[i].Items[j]
			broken := any(it.Negative)
			if it.CannotBreak {
				broken = nil
			}
			list[i] = append(list[i], item{it.Part, look.Clip(it.Name, messageColumns), state(it), it.Positive, broken, look.Clip(missing(it), messageColumns)})
		}
	}
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	if err := json.NewEncoder(gz).Encode(list); err != nil {
		return nil, fmt.Errorf("pack coverage: %w", err)
	}
	if err := gz.Close(); err != nil {
		return nil, fmt.Errorf("pack coverage: %w", err)
	}
	text := make([]byte, base64.StdEncoding.EncodedLen(b.Len()))
	base64.StdEncoding.Encode(text, b.Bytes())
	return text, nil
}
