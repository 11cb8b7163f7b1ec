package hooks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
)

// version is that of the protocol.
const version = 1

// maxBody is how much of a body the command is shown, in bytes.
const maxBody = 1 << 20

// event is what the command is told.
type event struct {
	Event    string                 `json:"event"`
	ID       uint64                 `json:"id"`
	Version  int                    `json:"version,omitempty"`
	Document *contract.DocumentInfo `json:"document,omitempty"`
	Provider string                 `json:"provider,omitempty"`
	Case     *caseText              `json:"case,omitempty"`
	Answers  []answer               `json:"answers,omitempty"`
}

type caseText struct {
	ID        string         `json:"id"`
	Operation string         `json:"operation"`
	Kind      contract.Kind  `json:"kind"`
	Rule      contract.Rule  `json:"rule"`
	At        contract.Place `json:"at,omitempty"`
	Why       string         `json:"why,omitempty"`
	Steps     []stepText     `json:"steps"`
}

type stepText struct {
	Name      string      `json:"name"`
	Operation string      `json:"operation"`
	Request   requestText `json:"request"`
}

// requestText is a request by its decoded values.
type requestText struct {
	Method      string               `json:"method,omitempty"`
	Target      string               `json:"target,omitempty"`
	Path        map[string]any       `json:"path,omitempty"`
	Query       map[string]any       `json:"query,omitempty"`
	Header      map[string]any       `json:"header,omitempty"`
	Cookie      map[string]any       `json:"cookie,omitempty"`
	Body        *bodyText            `json:"body,omitempty"`
	Credentials contract.Credentials `json:"credentials,omitempty"`
}

type bodyText struct {
	MediaType string `json:"media_type,omitempty"`
	Value     any    `json:"value,omitempty"`
	Raw       string `json:"raw,omitempty"`
	RawBase64 []byte `json:"raw_base64,omitempty"`
}

// answer is what one request gave.
type answer struct {
	Step       int                 `json:"step"`
	Page       int                 `json:"page"`
	Method     string              `json:"method"`
	Target     string              `json:"target"`
	Request    requestText         `json:"request"`
	Status     int                 `json:"status,omitempty"`
	Header     map[string][]string `json:"header,omitempty"`
	Body       string              `json:"body,omitempty"`
	BodyBase64 []byte              `json:"body_base64,omitempty"`
	Cut        bool                `json:"cut,omitempty"`
	Fault      string              `json:"fault,omitempty"`
	Error      string              `json:"error,omitempty"`
	Latency    float64             `json:"latency_ms"`
}

func startEvent(c *Config) event {
	return event{Event: "start", Version: version, Document: &c.Document, Provider: c.Provider}
}

func caseEvent(name string, id uint64, cs *contract.Case, seen []contract.Observation) event {
	e := event{Event: name, ID: id, Case: &caseText{
		ID: cs.ID, Operation: cs.Operation, Kind: cs.Kind, Rule: cs.Rule, At: cs.At, Why: cs.Why, Steps: make([]stepText, len(cs.Steps)),
	}}
	for i := range cs.Steps {
		step := &cs.Steps[i]
		e.Case.Steps[i] = stepText{step.Name, step.Operation, requestOf(&step.Request)}
	}
	for i := range seen {
		e.Answers = append(e.Answers, answerOf(&seen[i]))
	}
	return e
}

func requestOf(r *contract.Request) requestText {
	t := requestText{
		Method: r.Method, Target: r.Target, Path: r.Path, Query: r.Query, Header: r.Header, Cookie: r.Cookie, Credentials: r.Credentials,
	}
	if r.Body != nil {
		t.Body = &bodyText{MediaType: r.Body.MediaType, Value: r.Body.Value}
		t.Body.Raw, t.Body.RawBase64, _ = shown(r.Body.Raw)
	}
	return t
}

func answerOf(o *contract.Observation) answer {
	a := answer{
		Step: o.Step, Page: o.Page, Method: o.Exchange.Request.Method, Target: o.Exchange.Request.Target, Request: requestOf(&o.Request),
		Status: o.Exchange.Response.Status, Fault: o.Fault, Error: o.Err, Latency: float64(o.Latency.Microseconds()) / 1000,
	}
	for _, f := range o.Exchange.Response.Header {
		if a.Header == nil {
			a.Header = make(map[string][]string)
		}
		name := strings.ToLower(f.Name)
		a.Header[name] = append(a.Header[name], f.Value)
	}
	a.Body, a.BodyBase64, a.Cut = shown(plain(&o.Exchange.Response))
	return a
}

// plain returns a body without its content coding, or as it is where that cannot be
// undone.
func plain(r *capture.Response) []byte {
	names := coding.Of(r.Header)
	if len(names) == 0 {
		return r.Body
	}
	d := coding.Decoder{Limit: maxLine, Ratio: coding.TextRatio, Cut: true}
	if body, err := d.Decode(nil, r.Body, names); err == nil {
		return body
	}
	return r.Body
}

// shown returns a body as text, or as bytes where it is none, at most maxBody of it.
func shown(body []byte) (text string, raw []byte, short bool) {
	if short = len(body) > maxBody; short {
		body = body[:maxBody]
	}
	end := len(body)
	for short && end > maxBody-utf8.UTFMax && end > 0 && !utf8.Valid(body[:end]) {
		end--
	}
	if utf8.Valid(body[:end]) {
		return string(body[:end]), nil, short
	}
	return "", body, short
}

// line writes an event.
func (e *event) line() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	if b.Len() > maxLine {
		return nil, fmt.Errorf("the event is longer than %d bytes", maxLine)
	}
	return b.Bytes(), nil
}
