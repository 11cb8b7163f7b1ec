package gate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"twinspect.dev/release"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/store"
)

// ErrInvalid says that what was told cannot be used; its text says why.
var ErrInvalid = errors.New("invalid")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}

// Push files a document of evidence. Of a document without an envelope the caller says
// what it is of; where an envelope says it, both must agree. It reports whether the
// document is new.
func (g *Gate) Push(ctx context.Context, who string, document []byte, s release.Subject, o release.Origin) (*release.Evidence, bool, error) {
	e, err := g.read(document, s)
	if err != nil {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "push", Service: s.Service, Object: release.Digest(document), Detail: err.Error(), Refused: true})
		return nil, false, err
	}
	if e.Origin == (release.Origin{}) {
		e.Origin = o
	}
	e.Received = g.cfg.Now().UTC()
	added, err := g.cfg.Store.AddEvidence(ctx, e, document)
	if err != nil {
		return nil, false, err
	}
	if !added {
		e, err = g.filed(ctx, e)
		return e, false, err
	}
	g.audit(ctx, release.AuditEntry{Who: who, Action: "push", Service: e.Subject.Service, Object: e.ID, Detail: string(e.Kind) + ", " + string(e.Outcome)})
	return e, true, nil
}

// filed returns what was filed before. One run is not evidence of two images.
func (g *Gate) filed(ctx context.Context, e *release.Evidence) (*release.Evidence, error) {
	before, err := g.cfg.Store.OneEvidence(ctx, e.ID)
	if err == nil && before.Subject != e.Subject {
		err = fmt.Errorf("%w: the document is filed as evidence of %s %s for %q: make evidence of each image, or say in an envelope what it is of",
			store.ErrConflict, before.Subject.Service, before.Subject.Digest, before.Subject.BaseDigest)
	}
	if err != nil {
		return nil, err
	}
	return &before, nil
}

// read reads a document, checks its signatures, and that it is of the subject.
func (g *Gate) read(document []byte, s release.Subject) (*release.Evidence, error) {
	e, err := intake.Read(document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if g.cfg.Verify != nil {
		if e.Signer, err = g.cfg.Verify(document); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return e, agree(&e.Subject, s)
}

// agree has the caller say what a document is of that does not say it, and refuses a
// caller who says otherwise than the document: what was signed is not made up for.
func agree(of *release.Subject, given release.Subject) error {
	if *of == (release.Subject{}) {
		*of = given
	}
	for _, f := range []struct{ name, own, given string }{
		{"service", of.Service, given.Service},
		{"digest", of.Digest, given.Digest},
		{"base digest", of.BaseDigest, given.BaseDigest},
	} {
		if f.given != "" && f.given != f.own {
			return invalid("the document is of the %s %q, not of %q", f.name, f.own, f.given)
		}
	}
	switch {
	case of.Service == "":
		return invalid("say which service it is of")
	case of.Digest == "":
		return invalid("say which digest it is of")
	}
	return nil
}

// Announce says that a version was deployed, or is about to be.
func (g *Gate) Announce(ctx context.Context, who string, d release.Deployment) (release.Release, error) {
	if d.Service == "" || d.Digest == "" {
		return release.Release{}, invalid("a deployment needs a service and a digest")
	}
	for _, text := range []string{d.Branch, d.Commit, d.Pipeline, d.Job, d.URL} {
		if utf8.RuneCountInString(text) > store.MaxName {
			return release.Release{}, invalid("the branch, commit, pipeline, job and URL of a deployment have at most %d characters each", store.MaxName)
		}
	}
	if d.At.IsZero() {
		d.At = g.cfg.Now()
	}
	d.By, d.At = who, d.At.UTC()
	r, err := g.cfg.Store.Announce(ctx, d)
	if err == nil {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "announce", Service: d.Service, Object: d.Digest, Detail: d.Environment})
	}
	return r, err
}

// newID returns an ID that people can repeat to each other.
func newID(kind string) string { return kind + "_" + strings.ToLower(rand.Text()[:12]) }

// MaxOverride bounds how long an override lasts where the policy sets no bound.
const MaxOverride = 30 * 24 * time.Hour

// Override sets a verdict aside, if the policy lets that person do so.
func (g *Gate) Override(ctx context.Context, who string, o release.Override) (release.Override, error) {
	now := g.cfg.Now().UTC()
	o.By = who
	if o.From.IsZero() {
		o.From = now
	}
	if err := g.checkOverride(o, now); err != nil {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "override", Service: o.Service, Object: o.Digest, Detail: err.Error(), Refused: true})
		return o, err
	}
	o.ID = newID("ov")
	err := g.cfg.Store.AddOverride(ctx, o)
	if errors.Is(err, store.ErrInvalid) {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "override", Service: o.Service, Object: o.Digest, Detail: err.Error(), Refused: true})
	}
	if err == nil {
		g.cfg.Overridden(o)
		g.audit(ctx, release.AuditEntry{Who: who, Action: "override", Service: o.Service, Object: o.ID, Detail: fmt.Sprintf("%s until %s: %s", o.Decision, o.Until.Format(time.RFC3339), o.Reason)})
	}
	return o, err
}

func (g *Gate) checkOverride(o release.Override, now time.Time) error {
	policy := g.cfg.Policies.For(o.Service)
	switch {
	case o.Service == "" || o.Digest == "":
		return invalid("an override is for one digest of one service: say both")
	case o.Decision != release.Promote && o.Decision != release.Hold && o.Decision != release.Rollback:
		return invalid("verdict %q: want promote, hold or rollback", o.Decision)
	case o.Reason == "":
		return invalid("an override needs a reason: those who come after want to know why")
	case !o.Until.After(o.From) || !o.Until.After(now):
		return invalid("an override must end after it begins, and later than now")
	case o.Until.Sub(o.From) > MaxOverride:
		return invalid("an override lasts at most %s", MaxOverride)
	case policy == nil:
		return invalid("no policy is for the service %q", o.Service)
	}
	// Decide has the last word; a person is told at once what it would refuse.
	if why := release.RefusesOverride(policy, o); why != "" {
		return invalid("%s", why)
	}
	return nil
}

// Refused tells the audit log that somebody wanted what is not theirs to do.
func (g *Gate) Refused(ctx context.Context, who, action, service string) {
	g.audit(ctx, release.AuditEntry{Who: who, Action: action, Service: service, Refused: true})
}

// End files that a release came to its end.
func (g *Gate) End(ctx context.Context, who string, s release.Subject, succeeded bool) error {
	detail := "failed"
	if succeeded {
		detail = "succeeded"
	}
	err := g.cfg.Store.End(ctx, s, g.cfg.Now().UTC())
	if errors.Is(err, store.ErrNotFound) {
		return nil // it has ended already
	}
	if err == nil {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "announce", Service: s.Service, Object: s.Digest, Detail: "ended: " + detail})
	}
	return err
}

// auditTime bounds how long an answer waits for its entry in the audit log.
const auditTime = 2 * time.Second

// audit writes an entry. That it cannot be written must not undo what was done, and is
// told in the log.
func (g *Gate) audit(ctx context.Context, e release.AuditEntry) {
	e.At = g.cfg.Now().UTC()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTime)
	defer cancel()
	if _, err := g.cfg.Store.Audit(ctx, e); err != nil {
		g.cfg.Log.Error("the audit log could not be written", "action", e.Action, "who", e.Who, "service", e.Service, "error", err)
	}
}
