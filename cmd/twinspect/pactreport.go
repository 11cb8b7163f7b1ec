package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/broker"
	"twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/contract/pointer"
)

// masks makes what takes secrets out of what is shown.
func (r *pactRun) masks() error {
	r.mask = func(*verify.Result) {}
	if r.noRedaction {
		return nil
	}
	redactor, err := redact.New(redact.Defaults(), redact.NewKey())
	if err != nil {
		return err
	}
	r.verifier.Redact = func(e *capture.Exchange) { redactor.Redact(e) }
	r.mask = func(res *verify.Result) {
		for i := range res.Mismatches {
			m := &res.Mismatches[i]
			m.Expected, m.Actual = maskValue(redactor, m.At, m.Expected), maskValue(redactor, m.At, m.Actual)
		}
	}
	return nil
}

// maskValue takes the secrets out of a value that a mismatch shows. Names tell secrets
// too, and so the value is put where it stood: under the name of its member, parameter
// or field.
func maskValue(redactor *redact.Redactor, at contract.Place, text string) string {
	part, name := at.Split()
	switch part {
	case "status", "method", "":
		return text
	case "header":
		e := &capture.Exchange{}
		e.Request.Header = capture.Header{{Name: name, Value: text}}
		redactor.Redact(e)
		return e.Request.Header[0].Value
	}
	if text == "" {
		return ""
	}
	return maskMember(redactor, lastName(part, name), text)
}

// maskMember redacts a text as the value of a member of an object. The text may be a
// JSON value that was cut.
func maskMember(redactor *redact.Redactor, name, text string) string {
	key, _ := json.Marshal(name) // a string
	before, value := "{"+string(key)+":", text
	plain := !json.Valid([]byte(text)) && !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[")
	if plain {
		quoted, _ := json.Marshal(text)
		value = string(quoted)
	}
	e := &capture.Exchange{}
	e.Response.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
	e.Response.Body = []byte(before + value + "}")
	e.Response.BodySize = int64(len(e.Response.Body))
	if redactor.Redact(e) == 0 {
		return text
	}
	masked, ok := strings.CutPrefix(string(e.Response.Body), before)
	masked = strings.TrimSuffix(masked, "}")
	if plain {
		var s string
		ok = ok && json.Unmarshal([]byte(masked), &s) == nil
		masked = s
	}
	if !ok {
		return "[secret]"
	}
	return masked
}

// lastName is the name of the innermost member that a place is in.
func lastName(part, name string) string {
	if part != "body" {
		return name
	}
	tokens := pointer.Split(name)
	for i := len(tokens) - 1; i >= 0; i-- {
		if t := tokens[i]; t != "*" && strings.Trim(t, "0123456789") != "" {
			return t
		}
	}
	return "value"
}

// tell prints the evidence and writes its files.
func (r *pactRun) tell() error {
	e := &r.evidence
	if r.folder != "" {
		for name, render := range map[string]func(io.Writer, *report.Evidence) error{
			"report.html": report.HTML, "evidence.json": report.JSON, "junit.xml": report.JUnit, "summary.md": report.Markdown,
		} {
			if err := r.write(name, func(w io.Writer) error { return render(w, e) }); err != nil {
				return err
			}
		}
	}
	if r.json {
		return report.JSON(r.env.Stdout, e)
	}
	opt := report.TerminalOptions{Color: r.env.Color(), Width: r.env.Width, Verbose: r.verbose}
	if r.folder != "" {
		opt.More = filepath.Join(r.folder, "report.html")
	}
	if err := report.Terminal(r.env.Stdout, e, opt); err != nil {
		return err
	}
	if r.folder != "" {
		fmt.Fprintf(r.env.Stdout, "\nreport: %s\n", opt.More)
	}
	return nil
}

// publishResults tells the broker what came of each pact. What is not decided is not
// told, as the broker would take it for a failure.
func (r *pactRun) publishResults(ctx context.Context, interrupted bool) error {
	var errs []error
	for i := range r.evidence.Pacts {
		p, e := &r.evidence.Pacts[i], r.pacts[i]
		if e.fetched == nil {
			continue
		}
		success, known := outcomeOf(p, e)
		if r.version != "" && known && !interrupted {
			notices, err := r.broker.PublishResults(ctx, e.fetched, broker.Outcome{
				Success: success, Version: r.version, Branch: cmp.Or(r.publishBranch, r.branch), BuildURL: r.buildURL, Tests: testsOf(p, e),
			})
			showNotices(r.env.Stderr, notices)
			p.Published = err == nil
			errs = append(errs, err)
		}
		p.Notices = noticesFor(e.fetched.Notices, success, p.Published)
		if r.version != "" && !p.Published && !known {
			fmt.Fprintf(r.env.Stderr, "twinspect: %s: the result is not published, as nothing is decided\n", cli.Visible(p.Consumer))
		}
	}
	return errors.Join(errs...)
}

// outcomeOf says what is published of a pact: what failed counts here although the
// pact is pending, as that is how the broker learns that it is not any more. That an
// interaction is pending by its file does not fail it.
func outcomeOf(p *report.Pact, e expected) (success, known bool) {
	for i := range p.Results {
		switch p.Results[i].Outcome {
		case verify.Failed:
			return false, true
		case verify.Pending:
			if !e.pact.Interactions[i].Pending {
				return false, true
			}
		}
	}
	return true, p.Verdict == contract.Pass
}

// test is what the broker is told of an interaction: places and no values, as those
// could be secrets.
type test struct {
	ID          string   `json:"interactionId,omitempty"`
	Description string   `json:"interactionDescription"`
	Success     bool     `json:"success"`
	Mismatches  []differ `json:"mismatches,omitempty"`
}

type differ struct {
	Attribute   string `json:"attribute"`
	Description string `json:"description"`
}

func testsOf(p *report.Pact, e expected) any {
	tests := make([]test, 0, len(p.Results))
	for i := range p.Results {
		r := &p.Results[i]
		id, _ := e.pact.Interactions[i].Extra["_id"].(string)
		t := test{ID: id, Description: r.Description, Success: r.Outcome == verify.Passed}
		for _, m := range r.Mismatches {
			t.Mismatches = append(t.Mismatches, differ{string(m.At), m.Message})
		}
		tests = append(tests, t)
	}
	return map[string]any{"tests": tests}
}

// noticesFor chooses the notices that are for a result. "When" is as the broker
// documents: before_verification, or after_verification with two conditions.
func noticesFor(all []broker.Notice, success, published bool) []string {
	after := fmt.Sprintf("after_verification:success_%t_published_%t", success, published)
	var out []string
	for _, n := range all {
		if n.When == "" || n.When == "before_verification" || n.When == after {
			out = append(out, n.Text)
		}
	}
	return out
}
