package traffic

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/curl"
	"twinspect.dev/contract"
	"twinspect.dev/contract/findings"
)

// line writes the request as it was sent, to the host that it named.
func line(e *capture.Exchange) string {
	host := e.Request.Header.Get("Host")
	if host == "" {
		host = e.Request.Header.Get(":authority")
	}
	if host == "" {
		host = e.Context.Server
	}
	if host == "" {
		host = "localhost"
	}
	req := e.Request
	note := ""
	if len(req.Body) > maxCurl {
		note = fmt.Sprintf(" # without its body of %d bytes", len(req.Body))
		req.Body = nil
	}
	return curl.Line(&url.URL{Scheme: "http", Host: host}, &req) + note
}

// report makes the evidence of what was read.
func (c *checker) report(src capture.Source, interrupted bool) *contract.Report {
	r := &contract.Report{
		Schema: contract.Schema, Version: contract.SchemaVersion, Tool: c.Tool, Started: c.started,
		Document: c.Document.Info(), Input: c.Input, Requests: c.exchanges,
		Problems: slices.Concat(c.Document.Problems, c.Schemas.Problems()),
		Coverage: c.meter.Coverage(c.gaps()), Gaps: c.gaps(),
		Account: append(capture.AccountOf(src), capture.Stage{Name: "contract-traffic", Unit: "exchanges", Stats: c.stats.Clone()}),
	}
	for _, k := range []contract.Kind{contract.Positive, contract.Negative} {
		r.Cases = append(r.Cases, *c.kinds[k])
	}
	for _, name := range contract.Checks {
		if info := c.made[name]; info != nil {
			r.Checks = append(r.Checks, *info)
		}
	}
	for _, f := range c.found.All() {
		f.Example = f.Of
		r.Findings = append(r.Findings, f.Finding)
	}
	r.Findings = append(r.Findings, c.unknowns()...)
	slices.SortStableFunc(r.Findings, func(a, b contract.Finding) int { return findings.Compare(&a, &b) })
	c.decide(r, interrupted)
	r.Ended = time.Now()
	return r
}

// gaps tells of operations that requests were for and that cannot be used.
func (c *checker) gaps() (out []contract.Gap) {
	for _, name := range sorted(c.unusable) {
		out = append(out, contract.Gap{Operation: name,
			Why: fmt.Sprintf("%s were not held against it: the document's operation cannot be used", count(c.unusable[name], "exchange"))})
	}
	return out
}

// maxLost is the share of exchanges that may be lost, or not whole, before nothing
// is said of a recording without findings: as in a run against a provider, a whole
// resource may be missing in one of five.
const maxLost = 0.2

// decide fills in the verdict and its reasons.
func (c *checker) decide(r *contract.Report, interrupted bool) {
	held := c.stats.Written
	undocumented := c.stats.Filtered[Unknown]
	doubt := func(format string, args ...any) {
		r.Verdict = contract.Inconclusive
		r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...))
	}
	r.Verdict = contract.Pass
	if c.stats.Seen == 0 {
		doubt("the recording holds no exchange")
	} else if held+undocumented == 0 {
		doubt("no exchange could be held against the document")
	} else if lost := c.stats.Lost(); float64(lost) > maxLost*float64(c.stats.Seen) {
		doubt("%d of %d exchanges were lost or are not whole", lost, c.stats.Seen)
	}
	if len(r.Findings) > 0 {
		r.Verdict = contract.Fail
		text := "the recorded traffic does not keep to the document: " + causes(uint64(len(r.Findings)))
		r.Reasons = slices.Insert(r.Reasons, 0, text)
	}
	if interrupted {
		r.Verdict = contract.Interrupted
		r.Reasons = append(r.Reasons, "it was stopped before the recording ended")
	}
	if r.Verdict == contract.Pass {
		r.Reasons = append(r.Reasons, fmt.Sprintf("%s kept to the document", count(held, "exchange")))
	}
	r.Reasons = append(r.Reasons, c.notes(r)...)
}

// notes tell what the verdict does not.
func (c *checker) notes(r *contract.Report) (out []string) {
	if over := c.found.Over + c.unknown.over; over > 0 {
		out = append(out, fmt.Sprintf("%s more by causes beyond the first %d", count(over, "exchange"), findings.Max))
	}
	if unused := unused(r); len(unused) > 0 {
		out = append(out, fmt.Sprintf("%s of the document had no request: %s", count(uint64(len(unused)), "operation"), list(unused)))
	}
	skipped := maps.Clone(c.stats.Filtered)
	delete(skipped, Unknown)
	for _, reasons := range []map[capture.Reason]uint64{skipped, c.stats.Dropped} {
		for _, reason := range slices.Sorted(maps.Keys(reasons)) {
			out = append(out, fmt.Sprintf("%s were not held against the document as a whole: %s", count(reasons[reason], "exchange"), reason))
		}
	}
	return out
}

// unused returns the operations that nobody asked.
func unused(r *contract.Report) (out []string) {
	for _, o := range r.Coverage.Operations {
		if o.Asked == 0 {
			out = append(out, o.Operation)
		}
	}
	return out
}

// list names the first five of many.
func list(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func causes(n uint64) string { return count(n, "cause") }

func count(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
