package run

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/capture/curl"
	"twinspect.dev/contract"
)

// maxShown is how much of a body an example shows, in bytes: two screens of text.
const maxShown = 16 << 10

// maxDecoded bounds what a body may become without its content coding; it is the
// client's own bound for bodies as they come.
const maxDecoded = 16 << 20

// example shows a finding, without its secrets.
func (w *worker) example(f *found) contract.Example {
	e := contract.Example{Case: f.cs.ID, Why: f.cs.Why}
	for i := range f.seen {
		o := &f.seen[i]
		shown := o.Exchange.Clone()
		var variables []string
		if w.cfg.Credentials != nil {
			shown.Request, variables = w.cfg.Credentials.Mask(&shown.Request)
		}
		kept := shown.Request.Header
		if w.cfg.Redact != nil {
			w.cfg.Redact(shown)
		}
		restore(shown.Request.Header, kept, variables)
		e.Steps = append(e.Steps, contract.ExampleStep{
			Operation: f.cs.Steps[o.Step].Operation,
			Curl:      curl.Line(w.cfg.URL, &shown.Request, variables...),
			Exchange:  o.Exchange.ID.String(),
			Status:    o.Exchange.Response.Status, Fault: o.Fault,
			Latency:  float64(o.Latency.Microseconds()) / 1000,
			Request:  textOf(&shown.Request.Message),
			Response: textOf(&shown.Response.Message),
		})
		o.Exchange = *shown
	}
	return e
}

// restore puts the variables back that redacting took for secrets: they are names.
func restore(to, from capture.Header, variables []string) {
	if len(variables) == 0 || len(to) != len(from) {
		return
	}
	for i := range to {
		for _, name := range variables {
			if strings.Contains(from[i].Value, "$"+name) {
				to[i].Value = from[i].Value
			}
		}
	}
}

// textOf makes a message readable.
func textOf(m *capture.Message) contract.Text {
	t := contract.Text{Size: m.BodySize}
	for _, f := range m.Header {
		t.Header = append(t.Header, f.Name+": "+f.Value)
	}
	body, err := decoded(m)
	switch {
	case err != nil:
		t.Body = fmt.Sprintf("(%v)", err)
	case !utf8.Valid(body):
		t.Body = fmt.Sprintf("(%d bytes that are no text)", len(body))
	case len(body) > maxShown:
		cut := body[:maxShown]
		for !utf8.Valid(cut) {
			cut = cut[:len(cut)-1]
		}
		t.Body = string(cut) + "…"
	default:
		t.Body = string(body)
	}
	return t
}

// plain returns the body of an answer without its content coding.
func plain(r *capture.Response) ([]byte, error) { return decoded(&r.Message) }

func decoded(m *capture.Message) ([]byte, error) {
	names := coding.Of(m.Header)
	if len(names) == 0 {
		return m.Body, nil
	}
	d := coding.Decoder{Limit: maxDecoded, Ratio: coding.TextRatio, Cut: m.Incomplete != ""}
	return d.Decode(nil, m.Body, names)
}
