package main

import (
	"context"
	"time"
)

const (
	// contactEvery is how often an agent asks for a broker that takes nothing:
	// seldom enough for thousands of agents, often enough for a rollout.
	contactEvery = 5 * time.Second
	// tellEvery bounds the log: some reasons hold a port that changes each time.
	tellEvery = time.Minute
)

// contact is why the broker would take nothing. The shipping tells the same, but
// only once there is something to send.
type contact struct {
	since time.Time
	why   string
}

// reached reports whether the broker took something, and the last batch too.
func (a *agent) reached() bool { return a.broker.Sent() > 0 && a.out.State().BrokerUp }

// seekBroker asks the broker what it wants until ctx ends, whenever it has taken
// nothing yet or no longer does. An agent that starts before its topic is there,
// or with credentials that are still to come, records meanwhile, and says why it
// is not ready.
func (a *agent) seekBroker(ctx context.Context) {
	again := time.NewTicker(contactEvery)
	defer again.Stop()
	var told time.Time
	for {
		if missing := a.missing.Load(); missing != nil || !a.reached() {
			told = a.ask(ctx, missing, told)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// ask renews what is missing, and returns when that was last told in the log.
func (a *agent) ask(ctx context.Context, before *contact, told time.Time) time.Time {
	err := a.broker.Check(ctx)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		a.missing.Store(nil)
		if !told.IsZero() {
			a.log.Info("the broker is ready")
		}
		return time.Time{}
	default:
		now := &contact{time.Now(), err.Error()}
		if before != nil {
			now.since = before.since
		}
		a.missing.Store(now)
		if (before == nil || before.why != now.why) && time.Since(told) > tellEvery {
			a.log.Warn("the broker is not ready; what is recorded waits", "error", err)
			return time.Now()
		}
	}
	return told
}
