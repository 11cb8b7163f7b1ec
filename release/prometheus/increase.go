package prometheus

import (
	"errors"
	"time"

	"github.com/prometheus/common/model"
)

// lookback is how far apart two samples are connected: Prometheus' own default, longer
// than which it takes a series for gone (query.lookback-delta). Scrapes are at most two
// minutes apart for that reason.
const lookback = 5 * time.Minute

// window is the times after from up to and with to.
type window struct{ from, to model.Time }

func (w window) holds(t model.Time) bool { return w.from < t && t <= w.to }

// sample is one scrape of a counter.
type sample struct {
	at    model.Time
	value histogram
}

// track is the samples of one counter, ascending by time.
type track struct {
	labels  model.Metric
	samples []sample
}

// increase is what a counter grew by in a window.
type increase struct {
	grown  histogram // with bounds where there was a sample in the window
	resets int       // how often it began anew
	begun  int       // samples of which nothing is known that was before
	gaps   int       // of these, those after a gap
}

var errOverflow = errors.New("a sum of the counters is beyond 2^53")

// increaseOf sums what the track grew by. Of a sample with none before it, present
// says whether the target was scraped before without it, so that it was 0.
func increaseOf(t track, w window, present func(model.Time) bool) (increase, error) {
	var inc increase
	for i, s := range t.samples {
		if !w.holds(s.at) {
			continue
		}
		grown := histogram{s.value.bounds, make([]uint64, len(s.value.counts))}
		switch {
		case t.connected(i):
			var anew bool
			if grown, anew = s.value.since(t.samples[i-1].value); anew {
				inc.resets++
			}
		case present(s.at):
			grown = s.value
		default:
			inc.begun++
			if i > 0 {
				inc.gaps++
			}
		}
		var ok bool
		if inc.grown, ok = inc.grown.plus(grown); !ok {
			return inc, errOverflow
		}
	}
	return inc, nil
}

// connected says whether the sample follows on the one before.
func (t track) connected(i int) bool {
	return i > 0 && t.samples[i].at.Sub(t.samples[i-1].at) <= lookback
}

// begins says whether a sample in the window has none before it.
func (t track) begins(w window) bool {
	for i, s := range t.samples {
		if w.holds(s.at) && !t.connected(i) {
			return true
		}
	}
	return false
}
