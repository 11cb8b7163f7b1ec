package simulate

import (
	"cmp"
	"slices"
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// The bounds of what is walked and kept, of one release but for MaxDecisions.
const (
	// MaxMoments is a moment for every minute of a week, the longest rollout that
	// people make; to decide on them takes below a second.
	MaxMoments = 10_000
	// MaxDecisions bounds the moments of all releases: a minute of work, at 0.1 ms for
	// a decision on 250 operations, and as much again where every record has a weight.
	// Beyond it a release is decided on at its end alone.
	MaxDecisions = 500_000
	// MaxSteps is how many changes of the verdict are kept: who reads the timeline of
	// a release reads some ten.
	MaxSteps = 500
	// MaxReasons is how many reasons a step keeps, of those that call for its
	// decision.
	MaxReasons = 5
)

// Past is what is known of the past. Run changes nothing of it.
type Past struct {
	// Releases are those to decide on. Where there are none they are taken from the
	// evidence and the records: one for each image.
	Releases  []release.Release
	Evidence  []release.Evidence
	Overrides []release.Override
	Stops     []release.Stop
	Records   []release.Record
	// Until is when the past ends, mostly now, for releases that have not; nothing of
	// later is used. Zero is the last time at which anything is said to have happened,
	// which a wrong clock may put far away.
	Until time.Time
}

// Run replays a policy over the past. A nil policy holds everything, as it does in the
// gate. The same past always gives the same result.
func Run(p *release.Policy, past Past) *Result { return run(p, past, release.Decide, MaxDecisions) }

// decide is [release.Decide].
type decide func(*release.Policy, release.Case) release.Verdict

func run(p *release.Policy, past Past, d decide, left int) *Result {
	r := &Result{Schema: Schema, Version: Version, Releases: []Release{}, Ignored: map[string]int{}}
	if p != nil {
		r.Policy = release.PolicyRef{Name: p.Name, Digest: p.Digest}
	}
	if len(past.Releases) == 0 {
		past.Releases = releasesOf(&past)
	}
	k := learn(&past, r.Ignored)
	for i := range past.Releases {
		rel := &past.Releases[i]
		since := k.began(rel)
		switch {
		case p != nil && !serves(p.Services, rel.Service):
			r.Ignored[OtherService]++
		case since.IsZero():
			r.Ignored[UndatedRelease]++
		default:
			w := walk{policy: p, decide: d, known: k, release: rel, since: since, until: k.ended(rel), limit: max(1, min(left, MaxMoments))}
			r.Releases = append(r.Releases, w.run())
			left -= w.out.Moments
		}
	}
	slices.SortStableFunc(r.Releases, func(a, b Release) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Subject.Service, b.Subject.Service), cmp.Compare(a.Subject.Digest, b.Subject.Digest))
	})
	r.sum()
	return r
}

// covers is serves where no pattern means every service.
func covers(patterns []string, service string) bool {
	return len(patterns) == 0 || serves(patterns, service)
}

func serves(patterns []string, service string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return rulefile.Glob(p, service) })
}
