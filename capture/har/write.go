package har

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/internal/jsonform"
)

// Writer writes exchanges as a HAR file. It is a [capture.Sink]; the file is
// only whole once Close has returned nil. It is used by one goroutine at a time.
type Writer struct {
	out     *bufio.Writer
	entry   bytes.Buffer
	enc     *json.Encoder
	account capture.Account
	begun   bool
	closed  bool
	err     error
}

// NewWriter returns a Writer to out, which Close leaves open.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: bufio.NewWriter(out)}
	w.enc = json.NewEncoder(&w.entry)
	w.enc.SetEscapeHTML(false)
	return w
}

// WriteExchange implements [capture.Sink].
func (w *Writer) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.closed {
		return errors.Join(w.err, errors.New("write har: closed"))
	}
	if w.err != nil {
		return w.err
	}
	h := toEntry(e)
	var derived capture.Exchange
	if err := fromEntry(h, &derived); err != nil {
		return fmt.Errorf("write har: %w", err)
	}
	h.Extra = newExtra(e, &derived)
	separator := ",\n"
	if !w.begun {
		separator = prologue
	}
	return w.write(separator, h)
}

// WriteAccount sets the account that Close writes into the field "_twinspect" of
// the log. A later call replaces it.
func (w *Writer) WriteAccount(a capture.Account) error {
	w.account = a.Clone()
	return w.err
}

// Close ends the file. The second call does nothing and returns the same.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err != nil {
		return w.err
	}
	if !w.begun {
		w.keep(w.out.WriteString(prologue))
	}
	w.keep(w.out.WriteString("\n]"))
	if len(w.account) > 0 {
		w.err = errors.Join(w.err, w.write(`,"_twinspect":`, logExtra{w.account}))
	}
	w.keep(w.out.WriteString("}}\n"))
	if err := w.out.Flush(); err != nil && w.err == nil {
		w.err = fmt.Errorf("write har: %w", err)
	}
	return w.err
}

const prologue = `{"log":{"version":"1.2","creator":{"name":"twinspect","version":"1"},"entries":[` + "\n"

// logExtra is the custom field of the log.
type logExtra struct {
	Account capture.Account `json:"account,omitempty"`
}

func (w *Writer) write(before string, v any) error {
	w.entry.Reset()
	if err := w.enc.Encode(v); err != nil {
		return fmt.Errorf("write har: %w", err)
	}
	w.begun = true
	w.keep(w.out.WriteString(before))
	w.keep(w.out.Write(bytes.TrimSuffix(w.entry.Bytes(), []byte("\n"))))
	if w.entry.Cap() > keepBuffer {
		w.entry = bytes.Buffer{}
	}
	return w.err
}

// keepBuffer is how much memory is kept after one large entry.
const keepBuffer = 4 << 20

func (w *Writer) keep(_ int, err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write har: %w", err)
	}
}

// toEntry fills the standard fields for e, as far as they can hold it.
func toEntry(e *capture.Exchange) *entry {
	h := &entry{
		Started: started(e), Time: milliseconds(e.Request.Start, e.Response.End),
		Timings: timings{
			Send:    milliseconds(e.Request.Start, e.Request.End),
			Wait:    milliseconds(e.Request.End, e.Response.Start),
			Receive: milliseconds(e.Response.Start, e.Response.End),
		},
		Connection: utf8Of(e.Context.Connection),
		Request: request{
			Method: utf8Of(e.Request.Method), URL: utf8Of(urlOf(e)), HTTPVersion: utf8Of(e.Request.Proto),
			Cookies: []struct{}{}, Headers: fields(e.Request.Header), QueryString: query(utf8Of(e.Request.Target)),
			PostData: post(&e.Request.Message), HeadersSize: -1, BodySize: float64(e.Request.BodySize),
		},
		Response: response{
			Status: float64(e.Response.Status), StatusText: utf8Of(e.Response.Reason),
			HTTPVersion: utf8Of(e.Response.Proto), Cookies: []struct{}{}, Headers: fields(e.Response.Header),
			Content: contentOf(&e.Response.Message), RedirectURL: utf8Of(e.Response.Header.Get("Location")),
			HeadersSize: -1, BodySize: float64(e.Response.BodySize),
		},
	}
	if host, _, err := net.SplitHostPort(e.Context.Server); err == nil && net.ParseIP(host) != nil {
		h.ServerIP = host
	}
	return h
}

// utf8Of is what JSON can hold of a text.
func utf8Of(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// started is when the exchange began, in the years that RFC 3339 can write.
func started(e *capture.Exchange) string {
	t := e.Request.Start.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		t = time.Time{}
	}
	return t.Format(time.RFC3339Nano)
}

// milliseconds is the time from a to b, 0 where one is not known.
func milliseconds(a, b time.Time) float64 {
	if a.IsZero() || b.IsZero() || b.Before(a) {
		return 0
	}
	return float64(b.Sub(a)) / float64(time.Millisecond)
}

// urlOf makes the absolute URL that HAR wants.
func urlOf(e *capture.Exchange) string {
	t := e.Request.Target
	if strings.Contains(t, "://") && !strings.HasPrefix(t, "/") {
		return t
	}
	host := e.Request.Header.Get("Host")
	if host == "" {
		host = e.Request.Header.Get(":authority")
	}
	if host == "" {
		host = e.Context.Server
	}
	if host == "" {
		host = "unknown.invalid"
	}
	if !strings.HasPrefix(t, "/") {
		t = "/" + t
	}
	return "http://" + host + t
}

func fields(h capture.Header) []field {
	list := make([]field, len(h))
	for i, f := range h {
		list[i] = field{utf8Of(f.Name), utf8Of(f.Value)}
	}
	return list
}

// query lists the parameters of a target, decoded where they can be.
func query(target string) []field {
	list := []field{}
	_, q, _ := strings.Cut(target, "?")
	q, _, _ = strings.Cut(q, "#")
	for part := range strings.SplitSeq(q, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, field{unescape(name), unescape(value)})
	}
	return list
}

func unescape(s string) string {
	decoded, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return utf8Of(decoded)
}

func post(m *capture.Message) *postData {
	if len(m.Body) == 0 {
		return nil
	}
	p := &postData{MimeType: utf8Of(m.Header.Get("Content-Type"))}
	if jsonform.IsText(m.Body) {
		p.Text = string(m.Body)
	}
	return p
}

// contentOf gives the body as a viewer wants it: without its content-encoding,
// where that can be undone.
func contentOf(m *capture.Message) content {
	shown := undo(m)
	c := content{Size: float64(len(shown)), MimeType: utf8Of(m.Header.Get("Content-Type"))}
	if len(shown) == 0 {
		return c
	}
	text := string(shown)
	if !jsonform.IsText(shown) {
		text = base64.StdEncoding.EncodeToString(shown)
		c.Encoding = "base64"
	}
	c.Text = &text
	return c
}
