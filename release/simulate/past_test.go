package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func after0(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

var subject = release.Subject{Service: "catalog", Digest: digest("a"), BaseDigest: digest("b")}

// standard is a policy that wants a comparison which is not older than two hours.
func standard() *release.Policy {
	return &release.Policy{
		Name: "standard", Digest: digest("c"), Services: []string{"cat*"},
		Requirements: []release.Requirement{{Kind: release.Diff, MaxAge: 2 * time.Hour, MinSamples: 100, MaxLost: 1, MaxMissed: 1}},
		Budget:       release.Budget{FalseRollback: 0.01, FalsePromote: 0.01, MaxTraffic: 1}, Skew: time.Minute,
	}
}

func evidence(ended int, o release.Outcome, samples uint64) release.Evidence {
	e := release.Evidence{Kind: release.Diff, Subject: subject, Started: after0(ended - 5), Ended: after0(ended), Outcome: o, Samples: samples,
		Schema: "twinspect.dev/evidence/diff", Version: "1.0", Reasons: []string{"so it came out"},
		Operations: []release.Operation{{Name: "GET /products", Samples: samples}}}
	if o == release.Fail {
		e.Operations[0].Regressions, e.Operations[0].Texts = 2, []string{"/price is another number"}
	}
	e.ID = fmt.Sprintf("sha256:%064x", uint64(ended)<<32|samples)
	return e
}

func released(since, ended int) release.Release {
	r := release.Release{Deployment: release.Deployment{Subject: subject, At: after0(since)}, Since: after0(since)}
	if ended > 0 {
		r.Ended = after0(ended)
	}
	return r
}

func record(id int64, at, last int, d release.Decision, codes ...release.Code) release.Record {
	r := release.Record{ID: id, Asked: 2, Last: after0(last)}
	r.Subject, r.At, r.Decision = subject, after0(at), d
	for _, c := range codes {
		r.Reasons = append(r.Reasons, release.Reason{Code: c, Decision: d, Text: "the source is away"})
	}
	return r
}

func only(t *testing.T, r *Result) *Release {
	t.Helper()
	require.Len(t, r.Releases, 1)
	return &r.Releases[0]
}

// steps tells the timeline of a release in minutes: "0 hold, 10 promote".
func steps(k *Release) string {
	var parts []string
	for _, s := range k.Steps {
		part := fmt.Sprintf("%v %s", s.At.Sub(start).Minutes(), s.Decision)
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// The generators draw times to the second within a day, so that moments meet and pass
// each other.
func instants(t *rapid.T, label string) time.Time {
	return start.Add(time.Duration(rapid.IntRange(0, 24*60).Draw(t, label)) * time.Minute)
}

func policies(t *rapid.T) *release.Policy {
	p := standard()
	p.Requirements[0].MaxAge = time.Duration(rapid.IntRange(0, 600).Draw(t, "age")) * time.Minute
	p.Requirements[0].MinSamples = rapid.SampledFrom([]uint64{0, 100, 1000}).Draw(t, "least")
	p.Budget.MaxHold = time.Duration(rapid.IntRange(0, 1000).Draw(t, "hold")) * time.Minute
	p.Overrides = release.OverridePolicy{By: []string{"anna"}, Max: 24 * time.Hour, Rollback: rapid.Bool().Draw(t, "may")}
	for range rapid.IntRange(0, 2).Draw(t, "windows") {
		from := instants(t, "opens")
		p.Freeze = append(p.Freeze, window.Window{Name: "once", From: from, To: from.Add(time.Hour)})
	}
	if rapid.Bool().Draw(t, "recurs") {
		w := window.Window{Name: "nightly"}
		if err := w.Recur("30 */6 * * *", time.Hour, time.UTC); err != nil {
			t.Fatal(err)
		}
		p.Freeze = append(p.Freeze, w)
	}
	return p
}

func pasts(t *rapid.T) Past {
	past := Past{Until: after0(24 * 60)}
	r := released(0, 0)
	r.Since = instants(t, "since")
	past.Releases = []release.Release{r}
	for range rapid.IntRange(0, 6).Draw(t, "evidence") {
		e := evidence(rapid.IntRange(0, 24*60).Draw(t, "ended"), rapid.SampledFrom([]release.Outcome{release.Pass, release.Pass, release.Fail, release.Inconclusive}).Draw(t, "outcome"),
			rapid.SampledFrom([]uint64{50, 500, 5000}).Draw(t, "samples"))
		if rapid.Bool().Draw(t, "filed") {
			e.Received = e.Ended.Add(time.Duration(rapid.IntRange(-10, 60).Draw(t, "late")) * time.Minute)
		}
		if rapid.IntRange(0, 3).Draw(t, "foreign") == 0 {
			e.Subject.Digest = digest("f")
		}
		past.Evidence = append(past.Evidence, e)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "overrides") {
		from := instants(t, "from")
		o := release.Override{ID: fmt.Sprint("o", i), Service: subject.Service, Digest: subject.Digest, By: rapid.SampledFrom([]string{"anna", "eve"}).Draw(t, "by"), Reason: "for a reason",
			Decision: rapid.SampledFrom([]release.Decision{release.Promote, release.Hold, release.Rollback}).Draw(t, "to"), From: from, Until: from.Add(2 * time.Hour)}
		if rapid.Bool().Draw(t, "revoked") {
			o.Revoked = from.Add(30 * time.Minute)
		}
		past.Overrides = append(past.Overrides, o)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "stops") {
		from := instants(t, "stopped")
		s := release.Stop{ID: fmt.Sprint("s", i), Services: rapid.SampledFrom([][]string{{"*"}, nil, {"orders"}}).Draw(t, "of"), By: "anna", Reason: "an incident", From: from}
		if rapid.Bool().Draw(t, "over") {
			s.Until = from.Add(45 * time.Minute)
		}
		past.Stops = append(past.Stops, s)
	}
	return past
}

// gate answers as the gate did: it is asked at times, and keeps records of what it
// told. It knows what had happened, by rules of its own.
func gate(p *release.Policy, past *Past, asks []time.Time) []release.Record {
	var records []release.Record
	slices.SortFunc(asks, time.Time.Compare)
	for _, at := range asks {
		if at.Before(past.Releases[0].Since) {
			continue
		}
		c := release.Case{Question: release.Question{Subject: subject, Since: past.Releases[0].Since, At: at}}
		for _, e := range past.Evidence {
			if filed := cmp.Or(e.Received, e.Ended); !filed.After(at) {
				c.Evidence = append(c.Evidence, e)
			}
		}
		for _, o := range past.Overrides {
			if !o.From.After(at) && o.Until.After(at) && (o.Revoked.IsZero() || o.Revoked.After(at)) {
				o.Revoked = time.Time{}
				c.Overrides = append(c.Overrides, o)
			}
		}
		for _, s := range past.Stops {
			if s.Until.After(at) {
				s.Until = time.Time{}
			}
			if !s.From.After(at) {
				c.Stops = append(c.Stops, s)
			}
		}
		v := release.Decide(p, c)
		if n := len(records); n > 0 && alike(&records[n-1].Verdict, &v) {
			records[n-1].Asked++
			records[n-1].Last = at
			continue
		}
		records = append(records, release.Record{Verdict: v, ID: int64(len(records) + 1), Asked: 1, Last: at})
	}
	return records
}
