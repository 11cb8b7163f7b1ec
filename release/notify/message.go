package notify

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"twinspect.dev/release"
)

// The bounds of what a message in a chat quotes. The smallest room is WeCom's, 4096
// bytes; Slack lets a section have 3000 characters, of which an escape takes five.
const (
	maxTitle  = 120
	maxFact   = 80
	maxReason = 280
	// maxReasons is how many a person reads in a chat; the link leads to the others.
	maxReasons = 10
	// maxEvidence is how many documents are linked.
	maxEvidence = 3
)

// tone is how good news are.
type tone int

const (
	good tone = iota
	waiting
	bad
)

type (
	fact struct{ name, value string }
	line struct{ text, change string }
	link struct{ text, url string }
)

// message is what a letter says in a chat, whatever the chat's form. Its texts are
// clean, not escaped.
type message struct {
	tone    tone
	title   string
	facts   []fact
	reasons []line
	more    int // reasons that are left out
	notes   []string
	links   []link
}

func (m *message) fact(name, value string) {
	if value = clean(value, maxFact); value != "" {
		m.facts = append(m.facts, fact{name, value})
	}
}

func (m *message) when(name string, at time.Time) {
	if !at.IsZero() {
		m.fact(name, at.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
}

// describe says in words what a letter is about.
func describe(l *letter, base *url.URL) *message {
	m := &message{}
	switch l.event {
	case OverrideEvent:
		m.override(l.override, base)
	case StopEvent:
		m.stop(l.stop, base)
	default:
		m.verdict(l.record, base)
	}
	m.title = clean(m.title, maxTitle)
	if l.count > 1 {
		m.notes = append(m.notes, fmt.Sprintf("%d times since the last message about it.", l.count))
	}
	if l.missed > 0 {
		m.notes = append(m.notes, fmt.Sprintf("%s before this one could not be delivered.", counted(l.missed, "message")))
	}
	return m
}

func counted(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func toneOf(d release.Decision) tone {
	switch d {
	case release.Promote:
		return good
	case release.Rollback:
		return bad
	}
	return waiting
}

var verbs = map[release.Decision]string{release.Promote: "Promote", release.Hold: "Hold", release.Rollback: "Roll back"}

func verb(d release.Decision) string {
	if v, ok := verbs[d]; ok {
		return v
	}
	return "Hold (" + clean(string(d), maxFact) + ")"
}

func (m *message) verdict(r release.Record, base *url.URL) {
	m.tone = toneOf(r.Decision)
	m.title = verb(r.Decision) + " " + r.Subject.Service
	m.fact("Service", r.Subject.Service)
	m.fact("Image", r.Subject.Digest)
	m.fact("Replaces", r.Subject.BaseDigest)
	m.fact("Policy", r.Policy.Name)
	if r.Decision == release.Promote || r.MaxWeight > 0 {
		m.fact("Traffic, at most", percent(r.MaxWeight))
	}
	if o := r.Override; o != nil {
		m.fact("Overridden by", o.By)
	}
	m.when("Decided", r.At)
	m.when("May change", r.Until)
	for i, reason := range r.Reasons {
		if i == maxReasons {
			break
		}
		m.reasons = append(m.reasons, lineOf(reason))
	}
	m.more = len(r.Reasons) - len(m.reasons)
	m.links = linksOf(base, r)
}

func percent(share float64) string { return fmt.Sprintf("%.4g%%", 100*share) }

func lineOf(r release.Reason) line {
	return line{clean(r.Text, maxReason), clean(r.Change, maxReason)}
}

func (m *message) override(o release.Override, base *url.URL) {
	m.tone = toneOf(o.Decision)
	m.title = "Override: " + strings.ToLower(verb(o.Decision)) + " " + o.Service
	if !o.Revoked.IsZero() {
		m.tone, m.title = waiting, "Override revoked: "+o.Service
	}
	m.fact("Service", o.Service)
	m.fact("Image", o.Digest)
	m.fact("By", o.By)
	m.when("From", o.From)
	m.when("Until", o.Until)
	m.when("Revoked", o.Revoked)
	m.reasons = []line{{text: clean(o.Reason, maxReason)}}
	m.links = releaseLink(base, o.Service)
}

func (m *message) stop(s release.Stop, base *url.URL) {
	m.tone, m.title = bad, "All promotions stopped: "+strings.Join(s.Services, ", ")
	if !s.Until.IsZero() {
		m.tone, m.title = good, "Stop ended: "+strings.Join(s.Services, ", ")
	}
	m.fact("Services", strings.Join(s.Services, ", "))
	m.fact("By", s.By)
	m.when("From", s.From)
	m.when("Until", s.Until)
	m.reasons = []line{{text: clean(s.Reason, maxReason)}}
	if base != nil {
		m.links = []link{{"Releases", base.JoinPath("/").String()}}
	}
}

// releaseLink leads to the releases of a service, the newest of which comes first.
func releaseLink(base *url.URL, service string) []link {
	if base == nil {
		return nil
	}
	u := base.JoinPath("/")
	u.RawQuery = url.Values{"service": {service}}.Encode()
	return []link{{"Releases", u.String()}}
}

// idForm is that of the ID of evidence; anything else is nothing to link.
var idForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// linksOf leads to a release, and to the evidence that its verdict rests on.
func linksOf(base *url.URL, r release.Record) []link {
	links := releaseLink(base, r.Subject.Service)
	seen := make(map[string]bool)
	for _, reason := range r.Reasons {
		if base == nil || len(seen) == maxEvidence {
			break
		}
		if id := reason.Evidence; idForm.MatchString(id) && !seen[id] {
			seen[id] = true
			links = append(links, link{clean("Evidence: "+string(reason.Kind), maxFact), base.JoinPath("evidence", id).String()})
		}
	}
	return links
}
