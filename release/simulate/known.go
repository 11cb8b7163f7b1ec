package simulate

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"twinspect.dev/release"
)

// image names what a release is of.
type image struct{ service, digest string }

func imageOf(s release.Subject) image { return image{s.Service, s.Digest} }

// known is the past, in the order in which it came to be known.
type known struct {
	own       map[image][]release.Evidence
	byKind    map[string]map[release.Kind][]release.Evidence // of a service
	overrides map[image][]release.Override
	records   map[image][]release.Record
	stops     []release.Stop
	end       time.Time
}

// learned is when evidence came to be known: when it was filed, or where that is not
// told when it ended.
func learned(e *release.Evidence) time.Time {
	if !e.Received.IsZero() {
		return e.Received
	}
	return e.Ended
}

// learn sorts the past, and counts what of it cannot be used.
func learn(past *Past, ignored map[string]int) *known {
	k := &known{
		own: map[image][]release.Evidence{}, byKind: map[string]map[release.Kind][]release.Evidence{},
		overrides: map[image][]release.Override{}, records: map[image][]release.Record{}, stops: past.Stops, end: past.Until,
	}
	released := map[image]bool{}
	for i := range past.Releases {
		released[imageOf(past.Releases[i].Subject)] = true
	}
	k.evidence(past.Evidence, released, ignored)
	for _, o := range past.Overrides {
		at := image{o.Service, o.Digest}
		if !released[at] {
			ignored[LoneOverride]++
		}
		k.overrides[at] = append(k.overrides[at], o)
	}
	for _, r := range past.Records {
		at := imageOf(r.Subject)
		if !released[at] {
			ignored[LoneRecord]++
		}
		k.records[at] = append(k.records[at], r)
	}
	for _, list := range k.records {
		slices.SortStableFunc(list, func(a, b release.Record) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	}
	if k.end.IsZero() {
		k.end = last(past)
	}
	return k
}

func (k *known) evidence(all []release.Evidence, released map[image]bool, ignored map[string]int) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b release.Evidence) int {
		return cmp.Or(learned(&a).Compare(learned(&b)), cmp.Compare(a.ID, b.ID))
	})
	for i := range all {
		e := &all[i]
		if learned(e).IsZero() {
			ignored[UndatedEvidence]++
			continue
		}
		at := imageOf(e.Subject)
		if !released[at] {
			ignored[LoneEvidence]++ // it can still be foreign to another release
		}
		k.own[at] = append(k.own[at], *e)
		kinds := k.byKind[e.Subject.Service]
		if kinds == nil {
			kinds = map[release.Kind][]release.Evidence{}
			k.byKind[e.Subject.Service] = kinds
		}
		kinds[e.Kind] = append(kinds[e.Kind], *e)
	}
}

// last returns the last time at which anything is known to have happened. What an
// override or a window will do is no event.
func last(past *Past) (end time.Time) {
	see := func(times ...time.Time) {
		for _, t := range times {
			if t.After(end) {
				end = t
			}
		}
	}
	for i := range past.Releases {
		see(past.Releases[i].Since, past.Releases[i].At, past.Releases[i].Ended)
	}
	for i := range past.Evidence {
		see(learned(&past.Evidence[i]))
	}
	for i := range past.Overrides {
		see(past.Overrides[i].From, past.Overrides[i].Revoked)
	}
	for i := range past.Stops {
		see(past.Stops[i].From, past.Stops[i].Until)
	}
	for i := range past.Records {
		see(past.Records[i].At, past.Records[i].Last)
	}
	return end
}

// began returns when a release began: when it was first known of.
func (k *known) began(r *release.Release) time.Time {
	if !r.Since.IsZero() {
		return r.Since
	}
	if !r.At.IsZero() {
		return r.At
	}
	if list := k.records[imageOf(r.Subject)]; len(list) > 0 {
		return list[0].At
	}
	if list := k.own[imageOf(r.Subject)]; len(list) > 0 {
		return learned(&list[0])
	}
	return time.Time{}
}

func (k *known) ended(r *release.Release) time.Time {
	end := k.end
	if !r.Ended.IsZero() && r.Ended.Before(end) {
		end = r.Ended
	}
	if since := k.began(r); end.Before(since) {
		return since
	}
	return end
}

// before returns how much of the list was known at a time.
func before(list []release.Evidence, at time.Time) []release.Evidence {
	n := sort.Search(len(list), func(i int) bool { return learned(&list[i]).After(at) })
	return list[:n:n]
}

// foreign finds the newest evidence of a kind of other images, as time goes on.
type foreign struct {
	list   []release.Evidence // of the service
	digest string             // the release's own
	read   int
	newest *release.Evidence
}

func (f *foreign) at(t time.Time) *release.Evidence {
	for ; f.read < len(f.list) && !learned(&f.list[f.read]).After(t); f.read++ {
		if f.list[f.read].Subject.Digest != f.digest {
			f.newest = &f.list[f.read]
		}
	}
	return f.newest
}

// others are the evidence of other images than the one of a release, by kind.
func (k *known) others(own image) (list []foreign) {
	for _, kind := range release.Kinds {
		list = append(list, foreign{list: k.byKind[own.service][kind], digest: own.digest})
	}
	return list
}

// caseAt returns all that was known about a release at a time: the evidence of its
// image, and of each kind the newest of others, which tells what is foreign from what
// is missing. Others are asked at times in their order.
func (k *known) caseAt(q release.Question, others []foreign) release.Case {
	own := imageOf(q.Subject)
	c := release.Case{Question: q, Evidence: before(k.own[own], q.At)}
	for i := range others {
		if e := others[i].at(q.At); e != nil {
			c.Evidence = append(c.Evidence, *e)
		}
	}
	for _, o := range k.overrides[own] {
		if o.From.After(q.At) || over(o.Until, q.At) || over(o.Revoked, q.At) {
			continue
		}
		o.Revoked = time.Time{}
		c.Overrides = append(c.Overrides, o)
	}
	for _, s := range k.stops {
		switch {
		case s.From.After(q.At):
			continue
		case s.Until.After(q.At):
			s.Until = time.Time{}
		case over(s.Until, q.Since):
			continue // what is over may count as long as it was within the release
		}
		c.Stops = append(c.Stops, s)
	}
	c.Faults = k.faults(own, q.At)
	return c
}

func over(until, at time.Time) bool { return !until.IsZero() && !until.After(at) }

// faults are the sources that could not be read at a time, as the records say.
func (k *known) faults(own image, at time.Time) (list []string) {
	records := k.records[own]
	for i := range records {
		if r := &records[i]; !r.At.After(at) && !r.Last.Before(at) {
			for _, reason := range r.Reasons {
				if reason.Code == release.Faulty {
					list = append(list, reason.Text)
				}
			}
		}
	}
	return list
}

// releasesOf makes a release of each image that there is evidence or a verdict of, in
// the order in which they are known.
func releasesOf(past *Past) []release.Release {
	var list []release.Release
	at := map[image]int{}
	see := func(s release.Subject, t time.Time) {
		i, ok := at[imageOf(s)]
		if !ok {
			i = len(list)
			at[imageOf(s)] = i
			list = append(list, release.Release{Deployment: release.Deployment{Subject: s}, Since: t})
		}
		if r := &list[i]; r.Since.IsZero() || (!t.IsZero() && t.Before(r.Since)) {
			r.Since = t
		}
		if list[i].BaseDigest == "" {
			list[i].BaseDigest = s.BaseDigest
		}
	}
	for i := range past.Records {
		see(past.Records[i].Subject, past.Records[i].At)
	}
	for i := range past.Evidence {
		see(past.Evidence[i].Subject, learned(&past.Evidence[i]))
	}
	return list
}
