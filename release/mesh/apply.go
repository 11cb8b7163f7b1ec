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

// change is one write; before is nil where the object was created by it. It is
// unsure where no answer came: the API server may have written it all the same.
type change struct {
	ref           Ref
	before, after object
	unsure        bool
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
		if after != nil {
			a.Done = append(a.Done, s.Object)
			a.changes = append(a.changes, change{ref: s.Object, before: s.live, after: after, unsure: err != nil})
		}
		if err != nil {
			return nil, errors.Join(err, a.Undo(ctx))
		}
	}
	return a, nil
}

// do returns the object as the API server keeps it, or nil where nothing was
// written; with an error, what may have been written. The resourceVersion of the
// plan is the precondition: so what is written over is just what was seen, and
// ours.
func (s Step) do(ctx context.Context, r resource) (object, error) {
	want, write := s.want, r.create
	switch s.Action {
	case Create:
	case Update:
		want, write = withContent(s.live, s.want), r.update
	default:
		return nil, nil
	}
	made, err := write(ctx, want)
	switch {
	case err == nil:
		return made, nil
	case apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) || s.Action == Update && apierrors.IsNotFound(err):
		return nil, s.changed()
	case refused(err):
		want = nil
	}
	return want, apiError(ctx, err, string(s.Action), r.plural, s.Object.Namespace)
}

// refused reports whether the API server itself said that it did not write: an
// answer below 500.
func refused(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code < 500
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
	return retry(ctx, r, c.ref, func(live object) (string, error) {
		same := ours(live) && sameContent(live, c.after) && (c.unsure || live.GetUID() == c.after.GetUID())
		switch {
		case !same && c.unsure:
			return "", nil
		case !same:
			return "", fault(ErrChanged, "look who changed it, and remove it by hand if nobody needs it",
				"%s was changed by somebody else and is left as it is", c.ref)
		case c.before == nil:
			return "delete", r.remove(ctx, live)
		}
		_, err := r.update(ctx, withContent(live, c.before))
		return "update", err
	})
}

// retry reads the object anew and acts on it until no other write came between.
// An object that is gone needs nothing any more. What act did is named by the
// verb that it returns.
func retry(ctx context.Context, r resource, ref Ref, act func(live object) (verb string, err error)) error {
	for try := 1; ; try++ {
		verb := "get"
		live, err := r.get(ctx, ref.Namespace, ref.Name)
		if err == nil {
			verb, err = act(live)
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
