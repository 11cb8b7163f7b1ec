package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/diff/report/look"
)

// JUnit writes r as a JUnit report of three test suites: the verdict; the
// consumers, a test case each, which is a failure where the consumer breaks; and
// the breaking changes by which no consumer breaks, a test case each, which is a
// failure where it is the reason of the verdict: no consumers were given, or the
// check is strict.
//
// A consumer that is at risk passes: what is a risk alone may not turn a pipeline
// red. Its risks are in the test case's output.
//
// Characters that XML 1.0 forbids (section 2.2) are written as escapes.
func JUnit(w io.Writer, r *impact.Report) error {
	took := r.Ended.Sub(r.Started)
	at := r.Started.UTC().Format(time.RFC3339)
	list := []look.Suite{{
		Name: "twinspect contract-check", Time: look.Seconds(took), Timestamp: at,
		Properties: properties(r), Cases: []look.TestCase{verdictCase(r)},
	}}
	add := func(name string, cases []look.TestCase) {
		if len(cases) > 0 {
			list = append(list, look.Suite{Name: name, Time: look.Seconds(0), Timestamp: at, Cases: cases})
		}
	}
	add("consumers", consumerCases(r))
	add("breaking changes without consumers", changeCases(r))
	return look.WriteJUnit(w, "twinspect contract-check", took, list...)
}

func properties(r *impact.Report) []look.Property {
	t := tallyOf(r)
	list := []look.Property{
		{Name: "verdict", Value: look.Visible(string(r.Verdict))},
		{Name: "provider", Value: look.Visible(r.Provider)},
		{Name: "tool", Value: look.Visible(r.Tool)},
		{Name: "consumers", Value: fmt.Sprintf("%d: %d break, %d at risk, %d safe", t.Consumers, t.Breaks, t.Risks, t.Safe)},
		{Name: "new", Value: look.Visible(documentSays(&r.New))},
		{Name: "new.sha256", Value: look.Visible(r.New.SHA256)},
	}
	if r.Old != nil {
		list = append(list, look.Property{Name: "old", Value: look.Visible(documentSays(r.Old))},
			look.Property{Name: "old.sha256", Value: look.Visible(r.Old.SHA256)},
			look.Property{Name: "changes", Value: t.ChangesSay()})
	}
	for i := range r.Account {
		list = append(list, look.Property{Name: "account." + look.Visible(r.Account[i].Name), Value: look.Visible(stageSays(&r.Account[i]))})
	}
	return list
}

func verdictCase(r *impact.Report) look.TestCase {
	var problems strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&problems, "problem: %s\n", look.Visible(p.String()))
	}
	c := look.TestCase{Class: "twinspect.compatibility", Name: "verdict", Out: look.Out(problems.String())}
	t := tallyOf(r)
	m := meaningOf(r.Verdict, &t)
	result := &look.Result{Message: fmt.Sprintf("%s (exit code %d): %s", m.Title, m.Code, t.Says()), Type: string(m.Verdict)}
	for _, reason := range r.Reasons {
		result.Text += look.Visible(reason) + "\n"
	}
	switch m.Verdict {
	case contract.Pass:
	case contract.Fail:
		c.Failure = result
	default:
		c.Error = result
	}
	return c
}

// junitColumns bounds a name and a message; the text has them whole.
const junitColumns = 200

func consumerCases(r *impact.Report) []look.TestCase {
	var list []look.TestCase
	for i := range r.Consumers {
		k := &r.Consumers[i]
		c := look.TestCase{Class: "consumer." + look.Visible(k.Source), Name: look.Fit(k.Name, junitColumns)}
		text := consumerSays(k)
		if k.Level != impact.Breaks {
			c.Out = look.Out(text)
		} else {
			message := "it breaks"
			if len(k.Effects) > 0 {
				message = k.Effects[0].Text
			}
			c.Failure = &look.Result{Message: look.Fit(message, junitColumns), Type: "breaks", Text: text}
		}
		list = append(list, c)
	}
	return list
}

// consumerSays tells all that concerns a consumer.
func consumerSays(k *impact.Consumer) string {
	var b strings.Builder
	for i := range k.Effects {
		e := &k.Effects[i]
		fmt.Fprintf(&b, "\n%s: %s\n  %s", badge(e.Level), look.Visible(e.Text), look.Visible(e.Rule))
		if p := placesSay(e.Old, e.New); p != "" {
			fmt.Fprintf(&b, ", %s", look.Visible(p))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func changeCases(r *impact.Report) []look.TestCase {
	t := tallyOf(r)
	var list []look.TestCase
	for i := range r.Changes {
		k := &r.Changes[i]
		if k.Level != compat.Breaking || len(k.Breaks) > 0 {
			continue
		}
		c := look.TestCase{Class: "change." + look.Visible(k.ID), Name: look.Fit(whereSays(k.Operation, k.Status, k.At), junitColumns)}
		text := changeSays(k)
		if excused(r, &t) {
			c.Out = look.Out(text)
		} else {
			c.Failure = &look.Result{Message: look.Fit(k.Text, junitColumns), Type: look.Visible(k.ID), Text: text}
		}
		list = append(list, c)
	}
	return list
}

func changeSays(c *impact.Change) string {
	text := "\n" + look.Visible(c.Text) + "\n"
	for _, line := range []string{c.Weight, placesSay(c.Old, c.New)} {
		if line != "" {
			text += look.Visible(line) + "\n"
		}
	}
	return text
}
