package report

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/diff/report/look"
)

// meaning is a verdict in words.
type meaning struct {
	contract.Verdict
	Title, Text string
	Code        int
}

func meaningOf(v contract.Verdict, t *tally) meaning {
	m := meaning{Verdict: v, Code: v.ExitCode()}
	switch v {
	case contract.Pass:
		m.Title, m.Text = "Pass", "no consumer breaks"
		if t.Consumers == 0 {
			m.Text = "nothing breaks"
		}
	case contract.Fail:
		m.Title, m.Text = "Fail", "at least one consumer breaks"
		if t.Breaks == 0 {
			m.Text = "a breaking change may not pass"
		}
	case contract.Interrupted:
		m.Title, m.Text = "Interrupted", "this report is partial"
	default:
		m.Verdict, m.Title, m.Text = contract.Inconclusive, "Inconclusive", "nothing is decided"
	}
	return m
}

// levels are those that a consumer and an effect may have, the worst first.
var levels = []impact.Level{impact.Breaks, impact.Risk, impact.Notice, impact.Safe}

// tally is what a report comes to.
type tally struct {
	Consumers, Breaks, Risks, Safe uint64
	Changes, Breaking, Risky, Mild uint64
	// Weighty are the breaking changes by which a consumer breaks.
	Weighty uint64
}

func tallyOf(r *impact.Report) tally {
	t := tally{Consumers: uint64(len(r.Consumers)), Changes: uint64(len(r.Changes))}
	for i := range r.Consumers {
		switch r.Consumers[i].Level {
		case impact.Breaks:
			t.Breaks++
		case impact.Risk:
			t.Risks++
		default:
			t.Safe++
		}
	}
	for i := range r.Changes {
		c := &r.Changes[i]
		switch c.Level {
		case compat.Breaking:
			t.Breaking++
			if len(c.Breaks) > 0 {
				t.Weighty++
			}
		case compat.Risky:
			t.Risky++
		default:
			t.Mild++
		}
	}
	return t
}

// Says is the result in a few words.
func (t *tally) Says() string {
	switch {
	case t.Consumers == 0 && t.Breaking == 0:
		return "no breaking change"
	case t.Consumers == 0:
		return look.Plural(t.Breaking, "breaking change") + ", no consumers to weigh by"
	case t.Breaks > 0:
		return fmt.Sprintf("breaks %s of %s", look.Grouped(t.Breaks), look.Plural(t.Consumers, "consumer"))
	case t.Breaking > 0:
		return look.Plural(t.Breaking, "breaking change") + ", breaks nobody of " + look.Plural(t.Consumers, "consumer")
	}
	return fmt.Sprintf("breaks nobody of %s", look.Plural(t.Consumers, "consumer"))
}

// ChangesSay tells the changes by level.
func (t *tally) ChangesSay() string {
	return fmt.Sprintf("%s: %s breaking, %s risky, %s safe", look.Plural(t.Changes, "change"), look.Grouped(t.Breaking), look.Grouped(t.Risky), look.Grouped(t.Mild))
}

// documentSays names a document.
func documentSays(d *contract.DocumentInfo) string {
	return strings.TrimSpace(strings.Join(slices.DeleteFunc([]string{d.Path, d.Title, d.Version}, func(s string) bool { return s == "" }), " "))
}

// comparedSays names the documents.
func comparedSays(r *impact.Report) string {
	if r.Old == nil {
		return documentSays(&r.New)
	}
	return documentSays(r.Old) + " → " + documentSays(&r.New)
}

func providerOf(r *impact.Report) string {
	if r.Provider == "" {
		return "provider"
	}
	return r.Provider
}

// unit is what a source counts.
func unit(source string) string {
	if source == "pact" {
		return "interaction"
	}
	return "call"
}

func callsSay(k *impact.Consumer) string { return look.Plural(k.Calls, unit(k.Source)) }

// sourceSays counts the calls, and tells by what they are known.
func sourceSays(k *impact.Consumer) string {
	if k.Source == "pact" {
		return callsSay(k) + " of a Pact file"
	}
	return look.Plural(k.Calls, "recorded call")
}

// badge is what becomes of a consumer in a word or two.
func badge(l impact.Level) string {
	switch l {
	case impact.Breaks:
		return "breaks"
	case impact.Risk:
		return "at risk"
	case impact.Notice:
		return "notice"
	}
	return "safe"
}

// whereSays is the part of an operation that is meant.
func whereSays(operation, status string, at contract.Place) string {
	return strings.TrimSpace(strings.Join(slices.DeleteFunc([]string{operation, status, string(at)}, func(s string) bool { return s == "" }), " "))
}

// placesSay tells where it stands in the documents, "" where it does in none.
func placesSay(before, after string) string {
	switch {
	case before == "" && after == "":
		return ""
	case before == "":
		return "new at " + after
	case after == "":
		return "was at " + before
	}
	return before + " → " + after
}

// counted tells how the effects of a consumer are spread over the levels.
func counted(effects []impact.Effect) (breaks, risks, notices int) {
	for i := range effects {
		switch effects[i].Level {
		case impact.Breaks:
			breaks++
		case impact.Risk:
			risks++
		default:
			notices++
		}
	}
	return breaks, risks, notices
}

// excused reports whether a breaking change that broke none of the consumers is no
// reason for the verdict: there were some, and the check was not strict.
func excused(r *impact.Report, t *tally) bool {
	return !r.Strict && t.Consumers > 0
}

// stageSays is a stage of the account in a line.
func stageSays(s *capture.Stage) string {
	text := fmt.Sprintf("%s %s: %s written", look.Grouped(s.Stats.Seen), s.Unit, look.Grouped(s.Stats.Written))
	for _, part := range []struct {
		name   string
		counts map[capture.Reason]uint64
	}{{"filtered", s.Stats.Filtered}, {"dropped", s.Stats.Dropped}} {
		var reasons []string
		for reason, n := range part.counts {
			reasons = append(reasons, fmt.Sprintf("%s %s", look.Grouped(n), reason))
		}
		if len(reasons) > 0 {
			slices.Sort(reasons)
			text += ", " + part.name + " " + strings.Join(reasons, ", ")
		}
	}
	if s.Stats.Open > 0 {
		text += ", open " + look.Grouped(s.Stats.Open)
	}
	return text
}
