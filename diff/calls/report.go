package calls

import (
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/locate"
)

// Judge returns the calls that differ, judged at the false discovery rate alpha.
func (j *Joiner) Judge(alpha float64) []diff.Difference {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ledger.Judge(alpha).Differences
}

// Locate says for the regressions and suspects of a report where the traces of
// their examples first differ, or of other outcomes of the operation that differ
// where no trace of an example is known.
func (j *Joiner) Locate(r *diff.Report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Judgement == diff.Noise || d.Part == diff.Latency {
			continue
		}
		if at := locate.Summarise(j.locationsOf(d)); at.Span != "" {
			d.Location = &at
		}
	}
}

func (j *Joiner) locationsOf(d *diff.Difference) []diff.Location {
	var shown, all []diff.Location
	for _, o := range j.locations[d.Operation] {
		all = append(all, o.Location)
		if slices.ContainsFunc(d.Examples, func(e diff.Example) bool { return e.Exchange == o.Exchange }) {
			shown = append(shown, o.Location)
		}
	}
	if shown != nil {
		return shown
	}
	return all
}

// Account tells how many outcomes were joined, and why the others were not; then
// what became of the spans.
func (j *Joiner) Account() capture.Account {
	j.mu.Lock()
	defer j.mu.Unlock()
	stats := j.stats.Clone()
	stats.Open = uint64(len(j.pending))
	return append(capture.Account{{Name: "traces", Unit: "outcomes", Stats: stats}}, j.store.Account()...)
}
