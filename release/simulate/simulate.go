package simulate

import (
	"cmp"
	"slices"
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// The bounds of what is walked and kept for one release.
const (
	// MaxMoments is a moment for every minute of a week, the longest rollout that
	// people make; to decide on them takes below a second.
	MaxMoments = 10_000
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
	// Until is when the past ends, for releases that have not; zero is the last time
	// at which anything is known to have happened.
	Until time.Time
}

// Run replays a policy over the past. A nil policy holds everything, as it does in the
// gate. The same past always gives the same result.
func Run(p *release.Policy, past Past) *Result { return run(p, past, release.Decide) }

// decide is [release.Decide].
type decide func(*release.Policy, release.Case) release.Verdict

func run(p *release.Policy, past Past, d decide) *Result {
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
			w := walk{policy: p, decide: d, known: k, release: rel, since: since, until: k.ended(rel)}
			r.Releases = append(r.Releases, w.run())
		}
	}
	slices.SortStableFunc(r.Releases, func(a, b Release) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Subject.Service, b.Subject.Service), cmp.Compare(a.Subject.Digest, b.Subject.Digest))
	})
	r.sum()
	return r
}

func serves(patterns []string, service string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return rulefile.Glob(p, service) })
}
