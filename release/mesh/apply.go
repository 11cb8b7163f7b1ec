package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// undoTimeout bounds the way back of a run that ended: two objects, each
	// read and written at most undoTries times, an answer within 2 s as a rule.
	undoTimeout = 30 * time.Second
	// undoTries: others may write an object between our reading and writing it,
	// istiod its status for instance; no more than a few do so in a row.
	undoTries = 5
)

// Applied is what [Apply] did. It is not safe for concurrent use.
type Applied struct {
	// Done are the objects that were created or updated, in this order.
	Done []Ref

	clients *Clients
	changes []change
}

// change is one write; before is nil where the object was created by it.
type change struct {
	ref           Ref
	before, after object
}

// Apply creates and updates what the plan says, the DestinationRule first, and
// nothing where all is as it should be. Istio takes some seconds to tell the
// proxies; only answers that prove their lane show that it did. On an error all
// that was done is undone. An object that is not as it was when the plan was
// made is an error of kind ErrChanged, and is left alone.
func Apply(ctx context.Context, c *Clients, p *Plan) (*Applied, error) {
	for _, s := range p.Steps {
		if s.Action == Refuse {
			return nil, fmt.Errorf("apply the routes %s: %w", p.Routes.Name, s.Err)
		}
	}
	a := &Applied{clients: c}
	for _, s := range p.Steps {
		after, err := s.do(ctx, c.resource(s.Object.Kind))
		if err != nil {
			return nil, errors.Join(err, a.Undo(ctx))
		}
		if after != nil {
			a.Done = append(a.Done, s.Object)
			a.changes = append(a.changes, change{ref: s.Object, before: s.live, after: after})
		}
	}
	return a, nil
}

// do returns the object as the API server keeps it, or nil where nothing was to
// be done. The resourceVersion of the plan is the precondition: so what is
// written over is just what was seen, and ours.
func (s Step) do(ctx context.Context, r resource) (object, error) {
	switch s.Action {
	case Create:
		made, err := r.create(ctx, s.want)
		if apierrors.IsAlreadyExists(err) {
			return nil, s.changed()
		}
		if err != nil {
			return nil, apiError(ctx, err, "create", r.plural, s.Object.Namespace)
		}
		return made, nil
	case Update:
		made, err := r.update(ctx, withContent(s.live, s.want))
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			return nil, s.changed()
		}
		if err != nil {
			return nil, apiError(ctx, err, "update", r.plural, s.Object.Namespace)
		}
		return made, nil
	}
	return nil, nil
}

func (s Step) changed() error {
	return fault(ErrChanged, "make a new plan and apply that", "%s is not as it was when the plan was made", s.Object)
}

// Undo restores what was before: it removes what was created and puts back what
// was updated, the last first. It goes on after an error, and works with a
// context that is already cancelled, within a time of its own. What somebody
// else changed since is left alone, with an error of kind ErrChanged. A second
// call does what the first could not.
func (a *Applied) Undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	var left []change
	var errs []error
	for _, c := range slices.Backward(a.changes) {
		if err := c.undo(ctx, a.clients.resource(c.ref.Kind)); err != nil {
			left = append(left, c)
			errs = append(errs, err)
		}
	}
	slices.Reverse(left)
	a.changes = left
	return errors.Join(errs...)
}

func (c change) undo(ctx context.Context, r resource) error {
	return retry(ctx, r, c.ref, func(live object) error {
		if live.GetUID() != c.after.GetUID() || !ours(live) || !sameContent(live, c.after) {
			return fault(ErrChanged, "look who changed it, and remove it by hand if nobody needs it",
				"%s was changed by somebody else and is left as it is", c.ref)
		}
		if c.before == nil {
			return r.remove(ctx, live)
		}
		_, err := r.update(ctx, withContent(live, c.before))
		return err
	})
}

// retry reads the object anew and acts on it until no other write came between.
// An object that is gone needs nothing any more.
func retry(ctx context.Context, r resource, ref Ref, act func(live object) error) error {
	for try := 1; ; try++ {
		live, err := r.get(ctx, ref.Namespace, ref.Name)
		verb := "get"
		if err == nil {
			verb = "change"
			err = act(live)
		}
		var own *Error
		switch {
		case err == nil || apierrors.IsNotFound(err):
			return nil
		case apierrors.IsConflict(err) && try < undoTries:
			continue
		case apierrors.IsConflict(err):
			return fault(ErrChanged, "try again", "%s was changed by somebody else %d times in a row", ref, try)
		case errors.As(err, &own):
			return err
		}
		return apiError(ctx, err, verb, r.plural, ref.Namespace)
	}
}
