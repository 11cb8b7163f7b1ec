package archive

import (
	"bytes"
	"encoding/json"
	"fmt"

	"twinspect.dev/capture"
	"twinspect.dev/capture/internal/jsonform"
)

// line is one line of the JSONL form: an exchange, or the account.
type line struct {
	*jsonform.Exchange
	Account capture.Account `json:"account,omitempty"`
}

// jsonlEncoder writes the JSONL form.
type jsonlEncoder struct {
	out flushCloser
	max int
	buf bytes.Buffer
	enc *json.Encoder
}

func newJSONLEncoder(out flushCloser, o WriteOptions) *jsonlEncoder {
	j := &jsonlEncoder{out: out, max: maxLine(o.MaxRecord)}
	j.enc = json.NewEncoder(&j.buf)
	j.enc.SetEscapeHTML(false)
	return j
}

// maxLine is the longest line for the largest record. The JSON form takes up to
// twice the size of a body and six times that of a header, which is small.
func maxLine(maxRecord int) int { return 2*maxRecord + 1<<20 }

func (j *jsonlEncoder) writeExchange(e *capture.Exchange) error {
	return j.write(line{Exchange: jsonform.FromExchange(e)})
}

func (j *jsonlEncoder) write(l line) error {
	j.buf.Reset()
	if err := j.enc.Encode(l); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if j.buf.Len() > j.max {
		return fmt.Errorf("%w: a line of %d bytes, the limit is %d", ErrTooLarge, j.buf.Len(), j.max)
	}
	_, err := j.out.Write(j.buf.Bytes())
	if j.buf.Cap() > keepBuffer {
		j.buf = bytes.Buffer{}
	}
	return err
}

func (j *jsonlEncoder) flush() error { return j.out.Flush() }

// end writes the account, where there is one. The line may be left out: lines
// may come from any program.
func (j *jsonlEncoder) end(a capture.Account) error {
	if len(a) == 0 {
		return nil
	}
	return j.write(line{Account: a})
}
