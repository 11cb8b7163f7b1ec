package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

const (
	junitName = "twinspect gate"
	// junitColumns bounds a name and a message; the text has them whole.
	junitColumns = 200
)

// JUnit writes v as a JUnit report: a test suite with the verdict, and one for each
// kind of evidence with a test case for each reason. What rolls back is a failure,
// what holds an error. Where an override promotes, the reasons that it set aside are
// skipped, as they may not turn a pipeline red.
//
// Characters that XML 1.0 forbids (section 2.2) are written as escapes.
func JUnit(w io.Writer, v *release.Verdict) error {
	at := v.At.UTC().Format(time.RFC3339)
	list := []look.Suite{{
		Name: junitName, Time: look.Seconds(0), Timestamp: at,
		Properties: properties(v), Cases: []look.TestCase{verdictCase(v)},
	}}
	for _, g := range grouped(v.Reasons) {
		s := look.Suite{Name: strings.ToLower(g.title()), Time: look.Seconds(0), Timestamp: at}
		for i := range g.reasons {
			s.Cases = append(s.Cases, reasonCase(v, &g.reasons[i]))
		}
		list = append(list, s)
	}
	return look.WriteJUnit(w, junitName, 0, list...)
}

func properties(v *release.Verdict) []look.Property {
	var list []look.Property
	add := func(name, value string) {
		if value != "" {
			list = append(list, look.Property{Name: name, Value: look.Visible(value)})
		}
	}
	add("verdict", string(v.Decision))
	add("service", v.Subject.Service)
	add("digest", v.Subject.Digest)
	add("base.digest", v.Subject.BaseDigest)
	add("policy", v.Policy.Name)
	add("policy.digest", v.Policy.Digest)
	add("max.weight", fmt.Sprint(v.MaxWeight))
	if !v.Until.IsZero() {
		add("until", v.Until.UTC().Format(time.RFC3339))
	}
	if v.Override != nil {
		add("override", overrideSays(v.Override))
	}
	return list
}

func verdictCase(v *release.Verdict) look.TestCase {
	m := verdictMeaning(v)
	var b strings.Builder
	list, _ := calls(v)
	for i := range list {
		b.WriteString(whyNot(&list[i]))
	}
	c := look.TestCase{Class: "twinspect.release", Name: "verdict"}
	settle(&c, v.Decision, &look.Result{
		Message: look.Fit(fmt.Sprintf("%s (exit code %d): %s, %s", m.Title, m.Code, m.Text, subjectSays(v.Subject)), junitColumns),
		Type:    strings.ToLower(m.Title), Text: b.String(),
	})
	return c
}

// settle puts a result where the decision belongs.
func settle(c *look.TestCase, d release.Decision, r *look.Result) {
	switch d {
	case release.Promote:
		c.Out = look.Out(r.Text)
	case release.Rollback:
		c.Failure = r
	default:
		c.Error = r
	}
}

func reasonCase(v *release.Verdict, r *release.Reason) look.TestCase {
	name := string(r.Code)
	for _, s := range []string{r.Operation, r.Metric} {
		if s != "" {
			name += " " + s
		}
	}
	c := look.TestCase{Class: "twinspect.release." + look.Fit(string(r.Kind), junitColumns), Name: look.Fit(name+": "+r.Text, junitColumns)}
	if r.Kind == "" {
		c.Class = "twinspect.release"
	}
	result := &look.Result{Message: look.Fit(r.Text, junitColumns), Type: look.Visible(string(r.Code)), Text: whyNot(r)}
	if v.Override != nil && v.Decision == release.Promote && r.Decision != release.Promote {
		c.Skipped = result
		return c
	}
	settle(&c, r.Decision, result)
	return c
}

// whyNot tells a reason with all that belongs to it.
func whyNot(r *release.Reason) string {
	text := "\n" + look.Visible(about(r)+": "+r.Text) + "\n"
	if r.Change != "" {
		text += "to change it: " + look.Visible(r.Change) + "\n"
	}
	if p := place(r, func(id string) string { return id }); p != "" {
		text += look.Visible(p) + "\n"
	}
	return text
}
