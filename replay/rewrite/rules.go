package rewrite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// Rules is what one rule file says of requests. A nil Rules changes none. All
// methods may be called from many goroutines at once.
type Rules struct {
	file  string
	rules []*rule
	auth  []*auth
	dates *dates
	now   func() time.Time
	// offline says that no token is fetched.
	offline bool
	times   moments
}

func (r *Rules) where(line int) string { return fmt.Sprintf("%s:%d", r.file, line) }

// Side returns a sender that changes the requests of one side before it passes
// them on. Where no entry is for the side it is next itself.
//
// The sender tells requests apart by what was recorded, so the order in which it
// and others change them does not matter for that. A credential that it sets is
// withheld from the answer's request, which may be kept.
func (r *Rules) Side(side replay.Side, next replay.Sender) replay.Sender {
	if r == nil {
		return next
	}
	s := &sender{rules: r, next: next}
	for _, rule := range r.rules {
		if rule.holds(side) {
			s.rewrite = append(s.rewrite, rule)
		}
	}
	for _, a := range r.auth {
		if a.holds(side) {
			s.auth = append(s.auth, a)
		}
	}
	if len(s.rewrite)+len(s.auth) == 0 && r.dates == nil {
		return next
	}
	return s
}

// Offline makes the rules ask nobody: in the place of a token stands which entry
// would set it. It is for a run that sends nothing, and is called before the run.
func (r *Rules) Offline() {
	if r != nil {
		r.offline = true
	}
}

// SetsHost reports whether a rule sets the host of requests to the side. The
// client must then send the Host field that it is given.
func (r *Rules) SetsHost(side replay.Side) bool {
	return r != nil && slices.ContainsFunc(r.rules, func(x *rule) bool { return x.place == inHost && x.holds(side) })
}

// sender changes the requests of one side.
type sender struct {
	rules   *Rules
	rewrite []*rule
	auth    []*auth
	next    replay.Sender
}

// Send implements [replay.Sender].
func (s *sender) Send(ctx context.Context, ask *replay.Ask) replay.Answer {
	if !s.concerns(&ask.Recorded.Request) {
		return s.next.Send(ctx, ask)
	}
	d := draft{req: &ask.Request}
	now := s.rules.moment(ask.Recorded.ID)
	if s.rules.dates != nil {
		s.rules.dates.run(&d, &ask.Recorded.Request, now, len(s.auth) > 0)
	}
	runAll(s.rewrite, &ask.Recorded.Request, &d, s.rules.where)
	d.finish()
	return s.authorized(ctx, ask, &d, now)
}

// concerns reports whether an entry is for the request. It allocates nothing:
// most requests of most runs are for none.
func (s *sender) concerns(recorded *capture.Request) bool {
	if s.rules.dates != nil {
		return true
	}
	path := pathOf(recorded.Target)
	for _, r := range s.rewrite {
		if r.matches(recorded.Method, path) {
			return true
		}
	}
	for _, a := range s.auth {
		if a.matches(recorded.Method, path) {
			return true
		}
	}
	return false
}
