package shard

import (
	"context"
	"fmt"

	"twinspect.dev/capture"
)

// OtherWorker is the reason of what belongs to another worker on the same file.
const OtherWorker capture.Reason = "other-worker"

// splitStage names the stage in which a worker leaves out what is others'.
const splitStage = "split"

// Split is a [capture.Source] of those exchanges of a recording that belong to
// one of several workers. A session belongs to one worker, as its exchanges
// follow each other.
type Split struct{ filter *capture.Filter }

// Split returns the part of src for worker i of n, from 0: the sessions of a group
// stay together, in their order. Each worker reads a source of its own, of the same
// recording. Groups that were filled are closed.
func (g *Groups) Split(src capture.Source, i, n int) (*Split, error) {
	if i < 0 || i >= n {
		return nil, fmt.Errorf("worker %d of %d: want 0 to %d", i, n, n-1)
	}
	return &Split{capture.NewFilter(src, func(e *capture.Exchange) capture.Reason {
		if int(g.of(e.SessionKey())%uint64(n)) == i {
			return ""
		}
		return OtherWorker
	})}, nil
}

// ReadExchange implements [capture.Source].
func (s *Split) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	return s.filter.ReadExchange(ctx, e)
}

// Account implements [capture.Accounted]: the account of the source, then a
// stage "split".
func (s *Split) Account() capture.Account { return renamed(s.filter.Account(), splitStage) }

// JoinSplit adds up the accounts of all workers on one recording, each with the
// stage of its [Split] in it. Every worker has read all of the recording, which
// is counted once; what was left out for another worker is not left out at all.
func JoinSplit(accounts ...capture.Account) capture.Account {
	var joined, recording capture.Account
	for i, a := range accounts {
		at := find(a, capture.Stage{Name: splitStage, Unit: "exchanges"})
		if i == 0 && at >= 0 {
			recording = a[:at].Clone()
		}
		if at >= 0 {
			a = a[at:].Clone()
			s := &a[0].Stats
			s.Seen -= s.Filtered[OtherWorker]
			delete(s.Filtered, OtherWorker)
		}
		joined = joined.Merge(a)
	}
	return append(recording, joined...)
}
