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
		var variables []string
		if w.cfg.Credentials != nil {
			shown.Request, variables = w.cfg.Credentials.Mask(&shown.Request)
		}
		if w.cfg.Redact != nil {
			w.redact(shown, variables)
		}
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
