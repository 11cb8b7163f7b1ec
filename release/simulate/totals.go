package simulate

import (
	"cmp"
	"slices"
	"time"

	"twinspect.dev/release"
)

// sum fills in the totals and the times.
func (r *Result) sum() {
	t := &r.Totals
	var would, was []time.Duration
	var holders []Holder
	for i := range r.Releases {
		k := &r.Releases[i]
		r.span(k)
		t.Would.add(k.Outcome)
		if !k.Promoted.IsZero() && k.Outcome == release.Promote {
			would = append(would, k.Promoted.Sub(k.Since))
		}
		if k.Was != "" {
			t.Was.add(k.Was)
		}
		if k.Was == release.Promote {
			was = append(was, k.WasPromoted.Sub(k.Since))
		}
		t.Moments += k.Moments
		t.Left += k.Left
		t.differences(k)
		holders = held(holders, k.held)
	}
	t.Would.MedianPromote, t.Was.MedianPromote = median(would).Seconds(), median(was).Seconds()
	slices.SortFunc(holders, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(b.Releases, a.Releases), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Kind, b.Kind))
	})
	t.Holders = append([]Holder{}, holders...)
}

func (r *Result) span(k *Release) {
	if r.From.IsZero() || k.Since.Before(r.From) {
		r.From = k.Since
	}
	if k.Until.After(r.Until) {
		r.Until = k.Until
	}
}

func (o *Outcomes) add(d release.Decision) {
	o.Releases++
	switch d {
	case release.Promote:
		o.Promoted++
	case release.Rollback:
		o.RolledBack++
	default:
		o.Held++
	}
}

func (t *Totals) differences(k *Release) {
	n := 0
	for _, d := range k.Differences {
		if d.Incomparable {
			t.Incomparable++
		} else {
			n++
		}
	}
	t.Differences += n
	if n > 0 {
		t.Changed++
	}
}

func held(list []Holder, of []holding) []Holder {
	for _, h := range of {
		i := slices.IndexFunc(list, func(x Holder) bool { return x.Code == h.code && x.Kind == h.kind })
		if i < 0 {
			i = len(list)
			list = append(list, Holder{Code: h.code, Kind: h.kind})
		}
		list[i].Releases++
		list[i].Seconds += h.d.Seconds()
	}
	return list
}

// median returns the middle one, or the mean of the two in the middle; 0 for none.
func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}
