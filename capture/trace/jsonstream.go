package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonForm says what the elements of a list are.
type jsonForm uint8

const (
	noList jsonForm = iota
	otlpList
	jaegerList
	zipkinList // of spans, or of lists of these
)

// jsonDecoder walks documents that stand behind each other and reads the
// elements of their lists one at a time, so that memory holds one of them. After
// damage it goes on with the next line that begins with a brace or a
// bracket: in JSON lines that is the next document.
type jsonDecoder struct {
	src   *bufio.Reader
	meter meter
	dec   *jsontext.Decoder
	base  int64 // offset of dec's first byte
	max   int
	form  jsonForm
	known bool // this document has a list, or is empty
	ended bool
}

// meter bounds how much is read for one record.
type meter struct {
	r     io.Reader
	read  int64
	limit int64
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if m.read >= m.limit {
		return 0, errTooLarge
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.limit-m.read)])
	m.read += int64(n)
	return n, err
}

func newJSONDecoder(in *bufio.Reader, limit int) *jsonDecoder {
	d := &jsonDecoder{src: in, max: limit}
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
		d.base = 3
	}
	d.start(in)
	return d
}

func (d *jsonDecoder) start(r io.Reader) {
	d.meter = meter{r: r, limit: int64(d.max)}
	d.dec = jsontext.NewDecoder(&d.meter, lenient)
	d.form, d.known = noList, false
}

func (d *jsonDecoder) offset() int64 { return d.base + d.dec.InputOffset() }

func (d *jsonDecoder) next(b *batch) error {
	if d.ended {
		return io.EOF
	}
	start := d.offset()
	err := d.step(b)
	if err == nil {
		d.meter.limit = d.dec.InputOffset() + int64(d.max)
		return nil
	}
	if errors.Is(err, io.EOF) && d.dec.StackDepth() == 0 {
		d.ended = true
		return io.EOF
	}
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &meaning), errors.Is(err, errForm), errors.Is(err, errDense), errors.As(err, new(*answerError)):
		return lostAt(start, err) // the grammar holds: the walk goes on
	case errors.As(err, &syntax), errors.Is(err, errTooLarge),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if skipErr := d.resume(); skipErr != nil && !errors.Is(skipErr, io.EOF) {
			d.ended = true
			return skipErr
		}
		return lostAt(start, err)
	}
	d.ended = true
	return err // of the input, such as that of gzip
}

// resume starts anew at the next line that begins with a brace or a bracket.
func (d *jsonDecoder) resume() error {
	at := d.offset()
	left := bytes.Clone(d.dec.UnreadBuffer())
	in := bufio.NewReader(io.MultiReader(bytes.NewReader(left), d.src))
	for {
		line, err := in.ReadSlice('\n')
		at += int64(len(line))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			d.ended = true
			return err
		}
		if head, _ := in.Peek(1); err == nil && len(head) == 1 && (head[0] == '{' || head[0] == '[') {
			break
		}
	}
	d.src, d.base = in, at
	d.start(in)
	return nil
}

var errForm = errors.New("no traces: a document with neither resourceSpans (OTLP) nor data (Jaeger), and no list of spans (Zipkin)")

// answerError is what a service says in the place of traces.
type answerError struct{ text string }

func (e *answerError) Error() string { return "the service answered: " + e.text }

// step reads one element, or one token on the way to it.
func (d *jsonDecoder) step(b *batch) error {
	switch kind := d.dec.PeekKind(); {
	case d.form != noList && kind == ']':
		_, err := d.dec.ReadToken()
		if d.form != zipkinList || d.dec.StackDepth() == 0 {
			d.form = noList
		}
		return err
	case d.form == zipkinList && kind == '[' && d.dec.StackDepth() == 1:
		_, err := d.dec.ReadToken() // a trace, as /api/v2/traces answers
		return err
	case d.form != noList:
		return d.element(b)
	case d.dec.StackDepth() == 0 && kind == '[':
		d.form = zipkinList
		_, err := d.dec.ReadToken()
		return err
	case d.dec.StackDepth() == 0 && kind != '{' && kind != 0:
		if err := d.dec.SkipValue(); err != nil {
			return err
		}
		return errForm
	}
	tok, err := d.dec.ReadToken()
	if err != nil {
		return err
	}
	switch {
	case tok.Kind() == '{':
		d.known = d.known && d.dec.StackDepth() > 1 || d.dec.PeekKind() == '}'
	case tok.Kind() == '}' && d.dec.StackDepth() == 0 && !d.known:
		return errForm
	case tok.Kind() == '"':
		return d.member(tok.String())
	}
	return nil
}

// member goes into what the name stands for, or passes it.
func (d *jsonDecoder) member(name string) error {
	kind := d.dec.PeekKind()
	switch {
	case (name == "resourceSpans" || name == "resource_spans") && kind == '[':
		d.form = otlpList
	case name == "data" && kind == '[':
		d.form = jaegerList
	case name == "result" && kind == '{':
		return nil
	case (name == "errors" || name == "error") && (kind == '[' || kind == '{'):
		return d.failure()
	case (name == "resourceSpans" || name == "data") && kind == 'n':
		d.known = true
		return d.dec.SkipValue()
	default:
		return d.dec.SkipValue()
	}
	d.known = true
	_, err := d.dec.ReadToken()
	return err
}

// failure reads what Jaeger puts in the place of traces: a list of messages, or
// one.
func (d *jsonDecoder) failure() error {
	raw, err := d.dec.ReadValue()
	if err != nil || string(raw) == "[]" || string(raw) == "{}" {
		return err
	}
	d.known = true
	return &answerError{clip(strings.ToValidUTF8(string(raw[:min(len(raw), 300)]), ""))}
}

func (d *jsonDecoder) element(b *batch) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	switch d.form {
	case jaegerList:
		return wrapElement("trace of Jaeger's", b.jaeger(raw))
	case zipkinList:
		return wrapElement("span of Zipkin's", b.zipkin(raw))
	}
	var rs jsonResourceSpans
	if err := decodeJSON(raw, &rs); err != nil {
		return wrapElement("resourceSpans", err)
	}
	rs.addTo(b)
	return nil
}

func wrapElement(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
