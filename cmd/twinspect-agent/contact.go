package main

import (
	"context"
	"time"
)

// contactEvery is how often an agent that has sent nothing asks again for a
// broker that was not ready: seldom enough for thousands of agents, often enough
// for a rollout.
const contactEvery = 5 * time.Second

// contact is what is known of the broker before it took anything.
type contact struct {
	since time.Time
	why   string
}

// seekBroker asks the broker until it is ready or takes what is sent. An agent
// that starts before its topic is there, or with credentials that are still to
// come, records meanwhile, and says why it is not ready.
func (a *agent) seekBroker(ctx context.Context) {
	again := time.NewTicker(contactEvery)
	defer again.Stop()
	told := ""
	for a.broker.Sent() == 0 {
		err := a.broker.Check(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		if why := err.Error(); why != told {
			a.log.Warn("the broker is not ready; what is recorded waits", "error", why)
			told = why
		}
		a.missing.Store(&contact{a.missing.Load().since, told})
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
	a.missing.Store(nil)
	if told != "" {
		a.log.Info("the broker is ready")
	}
}
