package confirm

import (
	"fmt"
	"slices"
	"strconv"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

// Original returns the identity of the exchange that e repeats, false where e is
// no repetition.
func Original(e *capture.Exchange) (capture.ID, bool) {
	label := e.Context.Labels[replay.AgainLabel]
	if label == "" {
		return capture.ID{}, false
	}
	turn, err := strconv.ParseUint(label, 10, 32)
	return e.ID.Copy(copies + turn), err == nil // a copy of the copy is the original
}

// Tally counts what came of asking again. The zero value is ready to use, by one
// goroutine at a time.
type Tally struct {
	asked map[string]uint64 // by original exchange
	seen  map[diff.Cell]uint64
}

// Observe counts a repetition, which was compared, and what differed on branch.
// The changes that are read from it are counted once each.
func (t *Tally) Observe(original capture.ID, operation string, branch []diff.Change) {
	if t.asked == nil {
		t.asked, t.seen = make(map[string]uint64), make(map[diff.Cell]uint64)
	}
	name := original.String()
	if _, known := t.asked[name]; !known && len(t.asked) >= MaxExchanges {
		return // of a file that no run wrote
	}
	t.asked[name]++
	for i := range branch {
		cell := diff.Cell{Operation: operation, Place: branch[i].Place, Kind: branch[i].Kind}
		if _, known := t.seen[cell]; known || len(t.seen) < maxCells {
			t.seen[cell]++
		}
	}
}

// maxCells is how many kinds of differences are told apart, as a run's judgement
// does.
const maxCells = 20000

// Enough is how many repetitions without the difference show that it does not
// belong to the requests that showed it: one that occurs in 14 % of answers or
// more would have come again with a probability of 95 % (0.86^20 = 0.049).
const Enough = 20

// Settle takes for noise the suspects of the report that did not come again, and
// enters what was asked. Where nothing was asked again it changes nothing.
func (t *Tally) Settle(r *diff.Report) {
	if len(t.asked) == 0 {
		return
	}
	info := &diff.Confirmation{Exchanges: uint64(len(t.asked))}
	for _, n := range t.asked {
		info.Times = max(info.Times, n)
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		asked := t.askedFor(d)
		if d.Judgement != diff.Suspect || asked < Enough || t.seen[d.Cell] > 0 {
			continue
		}
		d.Judgement, d.MoreSamples = diff.Noise, 0
		d.Reason = fmt.Sprintf("branch differs in %d of %d, and not once in %d repetitions of what showed it", d.Branch, d.N, asked)
		info.NotSeenAgain++
	}
	slices.SortStableFunc(r.Differences, diff.Compare)
	info.Left = uint64(len(r.Judged(diff.Suspect)))
	r.Confirmation = info
}

// askedFor returns how many repetitions there are of the exchanges that show d.
func (t *Tally) askedFor(d *diff.Difference) (n uint64) {
	for i := range d.Examples {
		n += t.asked[d.Examples[i].Exchange]
	}
	return n
}
