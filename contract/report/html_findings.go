package report

import (
	"fmt"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// The bounds of texts on the page, in bytes before they are made visible.
const (
	nameColumns    = 300
	messageColumns = 1000
	pageCurl       = 4000
	pageSteps      = 10
)

// group holds the findings of one operation.
type group struct {
	Operation string
	Findings  []*contract.Finding
}

// grouped groups findings by operation, in the order of each one's first.
func grouped(findings []contract.Finding) []*group {
	var list []*group
	index := map[string]*group{}
	for i := range findings {
		f := &findings[i]
		g := index[f.Operation]
		if g == nil {
			g = &group{Operation: f.Operation}
			index[f.Operation] = g
			list = append(list, g)
		}
		g.Findings = append(g.Findings, f)
	}
	return list
}

// findingView is a finding as the template shows it.
type findingView struct {
	Anchor, CheckName, Check, Operation, Message, Facts, At, Why string
	Cases                                                        []string
	Count                                                        uint64
	Flaky, Open                                                  bool
	Steps                                                        []stepView
	StepsLeft                                                    string
}

type stepView struct {
	Operation, Curl, Answered, Tone, Exchange string
	// Raw is what is copied where Curl does not show it as it is; a line that was cut
	// is not to be copied.
	Raw               string
	Cut               bool
	Request, Response messageView
}

type messageView struct {
	Title, Note, Header, Body string
}

// Any reports whether there is anything to show.
func (m messageView) Any() bool { return m.Header != "" || m.Body != "" || m.Note != "" }

// findingViewOf shows f with bodies of at most cut bytes; 0 shows no messages.
func findingViewOf(f *contract.Finding, cut int) *findingView {
	v := &findingView{
		Anchor: Anchor(f), CheckName: brief(string(f.Check), nameColumns), Message: brief(f.Message, messageColumns),
		Check: brief(string(f.Check), nameColumns), Operation: brief(f.Operation, messageColumns),
		Facts: facts(f), Count: f.Count, Flaky: f.Flaky, At: brief(string(f.At), messageColumns), Why: brief(f.Example.Why, messageColumns),
	}
	if s := smallest(&f.Example); s != "" {
		v.Facts += "; " + s
	}
	for _, c := range f.Cases[:min(len(f.Cases), maxCases)] {
		v.Cases = append(v.Cases, brief(c, nameColumns))
	}
	first := max(len(f.Example.Steps)-pageSteps, 0)
	if first > 0 {
		v.StepsLeft = fmt.Sprintf("%s before: the JSON evidence has them.", look.Plural(uint64(first), "more step"))
	}
	for i := range f.Example.Steps[first:] {
		v.Steps = append(v.Steps, stepViewOf(&f.Example.Steps[first+i], cut))
	}
	return v
}

// brief makes s visible and cuts it to n bytes before that. How wide it is does
// not matter on a page, and finding out takes a hundred times as long.
func brief(s string, n int) string { return look.Visible(look.Clip(s, n)) }

func stepViewOf(s *contract.ExampleStep, cut int) stepView {
	v := stepView{
		Operation: look.Clip(s.Operation, messageColumns), Curl: lines(s.Curl, pageCurl), Answered: answered(s), Tone: tone(s), Exchange: look.Clip(s.Exchange, nameColumns),
	}
	if v.Cut = len(s.Curl) > pageCurl; !v.Cut && v.Curl != s.Curl {
		v.Raw = s.Curl
	}
	if cut > 0 {
		v.Request = messageViewOf("Request", &s.Request, cut)
		v.Response = messageViewOf("Response", &s.Response, cut)
	}
	return v
}

// tone is the class of an answer.
func tone(s *contract.ExampleStep) string {
	switch {
	case s.Fault != "" || s.Status >= 500 || s.Status == 0:
		return "bad"
	case s.Status >= 400:
		return "warn"
	}
	return "good"
}

func messageViewOf(title string, t *contract.Text, cut int) messageView {
	m := messageView{Title: title, Header: lines(strings.Join(t.Header, "\n"), cut)}
	body := laid(t.Body, cut)
	m.Body = body.text
	switch {
	case body.cut || t.Size > int64(len(t.Body)) && t.Body != "":
		m.Note = fmt.Sprintf("body of %s, cut here", bytesOf(t.Size, t.Body))
	case t.Size > 0:
		m.Note = "body of " + bytesOf(t.Size, t.Body)
	}
	return m
}

// bytesOf tells the length of a body; where it is not known, what there is of it.
func bytesOf(size int64, body string) string {
	return look.Plural(uint64(max(size, int64(len(body)))), "byte") //nolint:gosec // a length
}
