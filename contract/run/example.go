package run

import (
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/curl"
	"twinspect.dev/contract"
	"twinspect.dev/contract/findings"
)

// example shows a finding, without its secrets.
func (w *worker) example(f *found) contract.Example {
	e := contract.Example{Case: f.Of.cs.ID, Why: f.Of.cs.Why}
	for i := range f.Of.seen {
		o := &f.Of.seen[i]
		shown := o.Exchange.Clone()
		variables := w.hide(shown)
		e.Steps = append(e.Steps, contract.ExampleStep{
			Operation: f.Of.cs.Steps[o.Step].Operation,
			Curl:      curl.Line(w.cfg.URL, &shown.Request, variables...),
			Exchange:  o.Exchange.ID.String(),
			Status:    o.Exchange.Response.Status, Fault: o.Fault,
			Latency:  float64(o.Latency.Microseconds()) / 1000,
			Request:  findings.Text(&shown.Request.Message),
			Response: findings.Text(&shown.Response.Message),
		})
		o.Exchange = *shown
	}
	return e
}

// hide takes the secrets out of an exchange, and returns the variables that stand
// for credentials in its request. A provider may give back what it was sent.
func (w *worker) hide(e *capture.Exchange) (variables []string) {
	if w.cfg.Redact == nil {
		return nil
	}
	if w.cfg.Credentials != nil {
		e.Request, variables = w.cfg.Credentials.Mask(&e.Request)
		answer, _ := w.cfg.Credentials.Mask(&capture.Request{Message: e.Response.Message})
		e.Response.Message = answer.Message
	}
	w.redact(e, variables)
	return variables
}

// hideText takes the credentials out of a text that may quote an answer.
func (w *worker) hideText(s string) string {
	if w.cfg.Redact == nil || w.cfg.Credentials == nil {
		return s
	}
	masked, _ := w.cfg.Credentials.Mask(&capture.Request{Message: capture.Message{Body: []byte(s)}})
	return string(masked.Body)
}

// redact takes the secrets out of an exchange. What the case sends beside its
// credentials was made, or taken from a redacted recording: it stays, as the
// request is to be sent again. So do the variables, which are names.
func (w *worker) redact(e *capture.Exchange, variables []string) {
	sent := e.Request
	w.cfg.Redact(e)
	e.Request.Target, e.Request.Body, e.Request.BodySize = sent.Target, sent.Body, sent.BodySize
	for i := range e.Request.Header {
		for _, name := range variables {
			if i < len(sent.Header) && strings.Contains(sent.Header[i].Value, "$"+name) {
				e.Request.Header[i].Value = sent.Header[i].Value
			}
		}
	}
}
