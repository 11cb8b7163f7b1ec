package dashboard

import (
	"context"
	"strconv"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

const (
	// maxRecords bounds the verdicts of a timeline, maxEvidence the evidence of a release.
	maxRecords  = 200
	maxEvidence = 100
	// maxReasons bounds the reasons of a verdict that are shown: 10,000 operations may
	// each have one, and 200 are four screens.
	maxReasons = 200
)

type releaseView struct {
	row
	Server    string
	Reasons   []release.Reason
	Left      int // reasons that are not shown
	Evidence  []release.Evidence
	MoreLeft  bool // of the evidence
	Overrides []overrideView
	Stops     []stopView
	Timeline  *timeline
	Metrics   *metricsView
}

// overrideView is the word of a person and what became of it.
type overrideView struct {
	release.Override
	State mark
}

func overrideOf(o release.Override, now time.Time) overrideView {
	switch {
	case !o.Revoked.IsZero():
		return overrideView{o, mark{"", "–", "Revoked"}}
	case !o.Until.After(now):
		return overrideView{o, mark{"", "–", "Expired"}}
	}
	return overrideView{o, mark{"warn", "!", "Holds now"}}
}

// one is the release of the address. One that is not theirs to read is none.
func (v *visit) one() (*release.Release, error) {
	id, err := strconv.ParseInt(v.PathValue("id"), 10, 62)
	if err != nil || id < 1 {
		return nil, errNoPage
	}
	found, err := v.Gate.Store().Releases(v.Context(), store.ReleaseFilter{Before: id + 1, Limit: 1})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0 || found[0].ID != id || !v.reads(found[0].Service):
		return nil, errNoPage
	}
	return &found[0], nil
}

func (v *visit) release() (*view, error) {
	if err := v.params().done(); err != nil {
		return nil, err
	}
	r, err := v.one()
	if err != nil {
		return nil, err
	}
	body := &releaseView{row: v.row(r), Server: v.server()}
	if r.Last != nil {
		shown := min(len(r.Last.Reasons), maxReasons)
		body.Reasons, body.Left = r.Last.Reasons[:shown], len(r.Last.Reasons)-shown
	}
	for _, fill := range []func(*releaseView) error{v.fillEvidence, v.fillTimeline, v.fillOverrides, v.fillMetrics} {
		if err := fill(body); err != nil {
			return nil, err
		}
	}
	if body.Stops, err = v.stops(r.Service); err != nil {
		return nil, err
	}
	return &view{Page: "release", Title: "Release of " + r.Service, Body: body, Service: r.Service}, nil
}

func (v *visit) fillEvidence(b *releaseView) (err error) {
	b.Evidence, err = v.Gate.Store().Evidence(v.Context(), store.EvidenceFilter{Service: b.Service, Digest: b.Digest, Limit: maxEvidence})
	b.MoreLeft = len(b.Evidence) == maxEvidence
	return err
}

func (v *visit) fillOverrides(b *releaseView) error {
	all, err := v.Gate.Store().Overrides(v.Context(), store.OverrideFilter{Service: b.Service, Digest: b.Digest, Limit: pageRows})
	for _, o := range all {
		b.Overrides = append(b.Overrides, overrideOf(o, v.now))
	}
	return err
}

func (v *visit) fillTimeline(b *releaseView) error {
	records, err := v.Gate.Store().Records(v.Context(), store.RecordFilter{
		Service: b.Service, Digest: b.Digest, Since: b.Since, Until: b.Release.Ended, Limit: maxRecords,
	})
	if err != nil {
		return err
	}
	end := v.now
	if b.row.Ended {
		end = b.Release.Ended
	}
	b.Timeline = newTimeline(records, b.Evidence, b.Since, end)
	return nil
}

// policyOf is the canary policy of a service, nil where it has none.
func (v *visit) policyOf(service string) *release.CanaryPolicy {
	p := v.Gate.Policies().For(service)
	if p == nil {
		return nil
	}
	return p.Canary
}

// charted is how far back the looks are read that are drawn: ten metrics a minute are
// 15,000 looks in a day, of some KB each.
const charted = 24 * time.Hour

func (v *visit) fillMetrics(b *releaseView) error {
	end := v.now
	if b.row.Ended {
		end = b.Release.Ended
	}
	from := b.Since
	if since := end.Add(-charted); since.After(from) {
		from = since
	}
	looks, err := v.looks(v.Context(), b.Subject, from)
	if err != nil {
		return err
	}
	b.Metrics = newMetrics(looks, b.Evidence, v.policyOf(b.Service))
	b.Metrics.Day = from.After(b.Since)
	return nil
}

func (v *visit) looks(ctx context.Context, s release.Subject, from time.Time) ([]release.Observation, error) {
	done, err := v.hold()
	if err != nil {
		return nil, err
	}
	defer done()
	// The first look begins before the release was asked about.
	return v.Gate.Store().Observations(ctx, s, from.Add(-time.Hour))
}
