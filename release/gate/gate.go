// Package gate answers for releases: it gathers what is known of them, decides by the
// policy of their service, and keeps what it decided.
//
// Several gates may share one store: whichever is asked, the answer is made of what
// all of them were told.
package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

// Config says what a gate works with.
type Config struct {
	Store    *store.Store
	Policies *Policies
	// Verify checks a document's signatures and names the signer, "" for none. A
	// forged document is an error. Where it is nil nothing counts as signed.
	Verify func(document []byte) (signer string, err error)
	// Changed is told of a verdict that is not the one before, after it was written.
	// It must not block.
	Changed func(release.Record)
	// Overridden is told of an override that was filed or taken back, Stopped of a stop
	// that was filed or ended, after it was written. They must not block.
	Overridden func(release.Override)
	Stopped    func(release.Stop)
	// Now is the clock; nil is that of the machine.
	Now func() time.Time
	Log *slog.Logger
}

// Gate answers. Its methods may be called from several goroutines at once.
type Gate struct {
	cfg    Config
	memory memory
}

// New returns a gate.
func New(cfg Config) *Gate {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Changed == nil {
		cfg.Changed = func(release.Record) {}
	}
	if cfg.Overridden == nil {
		cfg.Overridden = func(release.Override) {}
	}
	if cfg.Stopped == nil {
		cfg.Stopped = func(release.Stop) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Gate{cfg: cfg}
}

// Store is where the gate keeps what it knows.
func (g *Gate) Store() *store.Store { return g.cfg.Store }

// Policies are those that it decides by.
func (g *Gate) Policies() *Policies { return g.cfg.Policies }

// Ask is what somebody wants to know. Where the digest is left out it is asked about
// the release that was announced last; a service that is released in several
// environments at once is held then.
type Ask struct {
	release.Subject
	// Weight is the share of the traffic, 0 to 1, that the release wants next.
	Weight float64
}

// Ask answers, always: what cannot be read or written holds and is told as a fault.
// What it returns is shared and must not be changed.
func (g *Gate) Ask(ctx context.Context, a Ask) release.Verdict {
	policy := g.cfg.Policies.For(a.Service)
	q := release.Question{Subject: a.Subject, Weight: a.Weight, At: g.cfg.Now().UTC()}
	if err := g.complete(ctx, &q); err != nil {
		return g.unread(policy, q, "the release could not be looked up", err)
	}
	// What is told after the mark is in none of what is remembered by it.
	mark, err := g.cfg.Store.Mark(ctx, q.Subject.Service, q.Subject.Digest)
	if err != nil {
		return g.unread(policy, q, "what is new could not be looked up", err)
	}
	if v, ok := g.again(ctx, policy, q, mark); ok {
		return v
	}
	c, err := g.cfg.Store.Case(ctx, q)
	if err != nil {
		return g.unread(policy, q, "the evidence could not be read", err)
	}
	v := release.Decide(policy, c)
	rec, changed, err := g.cfg.Store.Record(ctx, v)
	if err != nil {
		// Nobody could say later why it was promoted.
		return g.fault(policy, c, "the verdict could not be put on record", err)
	}
	if len(c.Faults) == 0 { // a fault ends without anybody telling
		g.memory.add(question{q.Subject, q.Weight}, &known{policy, mark, q.At, rec})
	}
	if changed {
		g.cfg.Changed(rec)
	}
	return v
}

// fault decides as if a source of evidence could not be read.
func (g *Gate) fault(policy *release.Policy, c release.Case, what string, err error) release.Verdict {
	g.cfg.Log.Warn(what, "service", c.Subject.Service, "error", err)
	c.Faults = append(slices.Clip(c.Faults), what+": "+cause(err))
	return release.Decide(policy, c)
}

// unread is a fault by which nothing is known of the release. What is said to be
// missing then may be there.
func (g *Gate) unread(policy *release.Policy, q release.Question, what string, err error) release.Verdict {
	v := g.fault(policy, release.Case{Question: q}, what, err)
	v.Reasons = slices.DeleteFunc(v.Reasons, func(r release.Reason) bool { return r.Code == release.Missing })
	return v
}

// cause says what a fault was in words that may leave the gate.
func cause(err error) string {
	switch {
	case errors.Is(err, store.ErrAway):
		return "the database is away"
	case errors.Is(err, store.ErrMany):
		return "it is released in several environments: ask with the digest of the image"
	case errors.Is(err, store.ErrInvalid):
		return "the question cannot be looked up, as its names are too long or no text"
	case errors.Is(err, store.ErrCorrupt):
		return "a document in the database is damaged"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "there was no answer in time"
	}
	return "the database refused it; the gate's log says why"
}

// complete fills in the digest of the release that was announced last.
func (g *Gate) complete(ctx context.Context, q *release.Question) error {
	if q.Subject.Service == "" || q.Subject.Digest != "" {
		return nil
	}
	current, err := g.cfg.Store.Current(ctx, q.Subject.Service)
	if errors.Is(err, store.ErrNotFound) {
		return nil // Decide says that nobody knows what is released
	}
	if err != nil {
		return fmt.Errorf("look up the current release: %w", err)
	}
	q.Subject = current.Subject
	return nil
}
