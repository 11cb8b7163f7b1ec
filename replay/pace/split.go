package pace

import (
	"fmt"
	"time"

	"twinspect.dev/replay"
)

// Split returns the share that the i-th of n workers has of a pace, i from 0, so
// that the workers together keep the pace when they start at the same time and
// share the recording evenly.
//
// Of a planned rate a worker has every n-th time; its first is the i-th. Recorded
// times stay as they are, counted from the same exchange on every worker, and max
// has no plan to share. A ceiling and the rates of an adaptive pace are divided:
// each worker searches on its own, and what they sustain together is the sum.
//
// Another pace is asked for the i-th, (i+n)-th … exchange. The error says which
// of i and n is wrong.
func Split(p replay.Pacer, i, n int) (replay.Pacer, error) {
	if n < 1 || i < 0 || i >= n {
		return nil, fmt.Errorf("worker %d of %d: want at least one worker, and these from 0 on", i, n)
	}
	if p == nil || n == 1 {
		return p, nil
	}
	return split(p, i, n), nil
}

func split(p replay.Pacer, i, n int) replay.Pacer {
	switch p := p.(type) {
	case Max, Recorded:
		return p
	case *Ceiling:
		return &Ceiling{Next: split(p.Next, i, n), PerSecond: p.PerSecond / float64(n)}
	case *Adaptive:
		return &Adaptive{From: p.From / float64(n), To: p.To / float64(n), By: p.By, Every: p.Every}
	}
	return share{next: p, i: uint64(i), n: uint64(n)}
}

// share is every n-th time of a pace.
type share struct {
	next replay.Pacer
	i, n uint64
}

// Pace implements [replay.Pacer].
func (s share) Pace(elapsed time.Duration, sent uint64, recorded time.Duration) time.Duration {
	return s.next.Pace(elapsed, sent*s.n+s.i, recorded)
}

// String tells a person which share it is; [Parse] does not read it.
func (s share) String() string { return fmt.Sprintf("%v, worker %d of %d", s.next, s.i, s.n) }
