package simulate

import (
	"maps"
	"slices"
	"time"

	"twinspect.dev/release"
)

// moment is a time at which the verdict may change, or was asked for.
type moment struct {
	at     time.Time
	causes []Cause
	asked  []*release.Record
}

// moments collects moments, one for each time.
type moments struct {
	from, to time.Time
	at       map[time.Time]*moment // in UTC, so that equal times are one
}

// add adds a moment where it lies within the release; it returns nil outside. What
// was before is known when the release begins.
func (m *moments) add(t time.Time, c Cause) *moment {
	if t.Before(m.from) || t.After(m.to) {
		return nil
	}
	key := t.UTC().Round(0)
	if m.at[key] == nil {
		m.at[key] = &moment{at: key}
	}
	if found := m.at[key]; !slices.Contains(found.causes, c) {
		found.causes = append(found.causes, c)
	}
	return m.at[key]
}

// sorted returns the moments in the order of time.
func (m *moments) sorted() []*moment {
	list := slices.Collect(maps.Values(m.at))
	slices.SortFunc(list, func(a, b *moment) int { return a.at.Compare(b.at) })
	return list
}

// moments returns those that are known from the start. Evidence of other images never
// lets a release through; the first of a kind makes a moment, as what was missing is
// foreign from then on, and the others none, as a service's whole past would be walked
// for each of its releases.
func (w *walk) moments() []*moment {
	m := &moments{from: w.since, to: w.until, at: map[time.Time]*moment{}}
	own := imageOf(w.release.Subject)
	m.add(w.since, Began)
	for i := range w.known.own[own] {
		e := &w.known.own[own][i]
		m.add(learned(e), Filed)
		if w.policy != nil && e.Ended.After(learned(e)) {
			m.add(e.Ended.Add(-w.policy.Skew), Aged)
		}
	}
	for _, kind := range release.Kinds {
		all := w.known.byKind[own.service][kind]
		if i := slices.IndexFunc(all, func(e release.Evidence) bool { return e.Subject.Digest != own.digest }); i >= 0 {
			m.add(learned(&all[i]), Filed)
		}
	}
	for _, o := range w.known.overrides[own] {
		m.add(o.From, ByOverride)
		m.add(o.Until, ByOverride)
		m.add(o.Revoked, ByOverride)
	}
	for _, s := range w.known.stops {
		if covers(s.Services, own.service) {
			m.add(s.From, ByStop)
			m.add(s.Until, ByStop)
		}
	}
	w.askedMoments(m)
	m.add(w.until, Ended)
	return m.sorted()
}

func (w *walk) askedMoments(m *moments) {
	records := w.known.records[imageOf(w.release.Subject)]
	for i := range records {
		r := &records[i]
		for _, t := range slices.Compact([]time.Time{r.At, r.Last}) {
			if found := m.add(t, Asked); found != nil {
				found.asked = append(found.asked, r)
			}
		}
		if faulty(r) {
			m.add(r.Last.Add(1), Readable)
		}
	}
}

func faulty(r *release.Record) bool {
	return slices.ContainsFunc(r.Reasons, func(r release.Reason) bool { return r.Code == release.Faulty })
}
