// Package confirm chooses what is asked again, so that suspects are decided: the
// exchanges that showed them, several times, in turns.
//
// # Why this proves anything
//
// An exchange is chosen because branch differed in it. That choice is made before
// it is asked again, and what the sides answer then is new: if branch is no
// different from control, the new answers are exchangeable whatever was chosen,
// so that the test goes on with them as it would with any others.
package confirm

import (
	"context"
	"io"
	"slices"
	"strconv"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

// Unsafe is why an exchange is not asked again: asking may change the service.
const Unsafe = replay.UnsafeMethod

// The other reasons for which suspects are not asked again.
const (
	// NoExample: no exchange is known that showed it.
	NoExample capture.Reason = "no-example"
	// NotAskable: the difference is not in one answer, as of a latency.
	NotAskable capture.Reason = "not-of-one-answer"
	// TooMany: as many exchanges as are held are chosen already.
	TooMany capture.Reason = "too-many"
)

const (
	// MaxExchanges bounds the exchanges that are asked again: 100 suspects with
	// three examples each are more than anybody reads.
	MaxExchanges = 300
	// MaxBytes bounds the bodies of their requests.
	MaxBytes = 64 << 20
)

// Choice is what is to be asked again.
type Choice struct {
	wanted   map[string]bool
	chosen   []capture.Exchange
	bytes    int
	suspects uint64
	notAsked map[capture.Reason]uint64
}

// Choose returns the exchanges that showed the suspects of the report, of which
// [Choice.Observe] is still to find the requests.
func Choose(r *diff.Report) *Choice {
	c := &Choice{wanted: make(map[string]bool), notAsked: make(map[capture.Reason]uint64)}
	for _, d := range r.Judged(diff.Suspect) {
		c.suspects++
		if reason := c.want(&d); reason != "" {
			c.notAsked[reason]++
		}
	}
	return c
}

func (c *Choice) want(d *diff.Difference) capture.Reason {
	switch {
	case d.Part == diff.Latency || d.Part == diff.Call:
		return NotAskable
	case len(d.Examples) == 0:
		return NoExample
	case !replay.Safe(d.Examples[0].Method):
		return Unsafe
	case len(c.wanted)+len(d.Examples) > MaxExchanges:
		return TooMany
	}
	for _, e := range d.Examples {
		c.wanted[e.Exchange] = true
	}
	return ""
}

// Empty reports whether there is nothing to ask.
func (c *Choice) Empty() bool { return len(c.wanted) == 0 }

// Observe takes in an exchange of the recording. Nothing of e is kept but a copy.
func (c *Choice) Observe(e *capture.Exchange) {
	if !c.wanted[e.ID.String()] || c.bytes+len(e.Request.Body) > MaxBytes {
		return
	}
	delete(c.wanted, e.ID.String())
	chosen := e.Clone()
	// What was answered is needed for its status alone: triage holds it against
	// what the sides answer.
	chosen.Response.Body, chosen.Response.Interim = nil, nil
	c.bytes += len(e.Request.Body)
	c.chosen = append(c.chosen, *chosen)
}

// Info says what was chosen, to be asked so many times each. How many suspects
// are left is the caller's to say.
func (c *Choice) Info(times int) *diff.Confirmation {
	return &diff.Confirmation{
		Exchanges: uint64(len(c.chosen)), Times: uint64(times), Suspects: c.suspects, NotAsked: c.notAsked,
	}
}

// Source gives every chosen exchange so many times, in turns, so that the
// repetitions of one are apart in time. It is read once, by one goroutine.
func (c *Choice) Source(times int) *Source {
	slices.SortFunc(c.chosen, func(a, b capture.Exchange) int { return a.Request.Start.Compare(b.Request.Start) })
	return &Source{exchanges: c.chosen, times: uint64(times)}
}

// Source is a [capture.Source] of exchanges to be asked again. Each repetition
// has an identity of its own and the label [replay.AgainLabel].
type Source struct {
	exchanges []capture.Exchange
	times     uint64
	at        int
	turn      uint64
}

// copies is where the numbers of the repetitions begin, beyond those of the
// copies and passes that a run itself sends.
const copies = 1 << 40

// ReadExchange implements [capture.Source].
func (s *Source) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.at == len(s.exchanges) {
		s.at, s.turn = 0, s.turn+1
	}
	if s.turn >= s.times || len(s.exchanges) == 0 {
		return io.EOF
	}
	*e = *s.exchanges[s.at].Clone()
	e.ID = e.ID.Copy(copies + s.turn + 1)
	if e.Context.Labels == nil {
		e.Context.Labels = make(map[string]string, 1)
	}
	e.Context.Labels[replay.AgainLabel] = strconv.FormatUint(s.turn+1, 10)
	s.at++
	return nil
}
