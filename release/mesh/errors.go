package mesh

import (
	"errors"
	"fmt"
	"strings"
)

// The kinds of errors that this package returns, for errors.Is.
var (
	// ErrInvalid: what was asked for cannot be right in any cluster.
	ErrInvalid = errors.New("invalid")
	// ErrConflict: two VirtualServices claim one host; see [ConflictError].
	ErrConflict = errors.New("conflict")
	// ErrForeign: an object that is not ours stands where ours should be.
	ErrForeign = errors.New("foreign object")
	// ErrChanged: the cluster changed after it was looked at.
	ErrChanged = errors.New("changed meanwhile")
	// ErrForbidden: the account lacks a right; see [ForbiddenError].
	ErrForbidden = errors.New("forbidden")
	// ErrUnrouted: no route takes the request, or not to a service.
	ErrUnrouted = errors.New("unrouted")
	// ErrSplit: chance decides where the request goes.
	ErrSplit = errors.New("split")
	// ErrSubset: the route names a subset that no DestinationRule defines.
	ErrSubset = errors.New("no such subset")
	// ErrNotReady: no endpoint is ready to answer.
	ErrNotReady = errors.New("not ready")
	// ErrUnattested: the route does not set the header that proves the lane.
	ErrUnattested = errors.New("unattested")
	// ErrUndecided: it depends on what no object in the cluster tells.
	ErrUndecided = errors.New("undecided")
	// ErrUnreachable: the API server did not answer as one with Istio does.
	ErrUnreachable = errors.New("unreachable")
)

// Ref names an object.
type Ref struct {
	Kind, Namespace, Name string
}

// String returns "Kind namespace/name".
func (r Ref) String() string { return r.Kind + " " + r.Namespace + "/" + r.Name }

// Error says what is wrong, and what to do.
type Error struct {
	// Kind is one of this package's kinds.
	Kind error
	// What is the finding, Do the remedy.
	What, Do string
}

// Error implements error.
func (e *Error) Error() string { return e.What + ": " + e.Do }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

func fault(kind error, do, format string, args ...any) error {
	return &Error{Kind: kind, What: fmt.Sprintf(format, args...), Do: do}
}

// ConflictError names the VirtualServices that claim one host on one gateway.
type ConflictError struct {
	// Host is the name in full, Gateway "mesh" or "namespace/name".
	Host, Gateway string
	// Claims are the VirtualServices, the oldest first.
	Claims []Ref
	// Do is the remedy.
	Do string
}

// Error implements error.
func (e *ConflictError) Error() string {
	claims := make([]string, len(e.Claims))
	for i, c := range e.Claims {
		claims[i] = c.String()
	}
	return fmt.Sprintf("%s on gateway %s belongs to %s: %s", e.Host, e.Gateway, strings.Join(claims, " and to "), e.Do)
}

// Unwrap returns ErrConflict.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// ForbiddenError names the right that the account lacks.
type ForbiddenError struct {
	// Verb and Resource are as in a Role, the resource as "name.group".
	Verb, Resource string
	// Namespace is empty where the right is needed in all of them.
	Namespace string
	// Err is what the API server said.
	Err error
}

// Error implements error.
func (e *ForbiddenError) Error() string {
	where, role := "in all namespaces", "ClusterRole"
	if e.Namespace != "" {
		where, role = "in namespace "+e.Namespace, "Role"
	}
	resource, group, _ := strings.Cut(e.Resource, ".")
	return fmt.Sprintf("may not %s %s %s: bind a %s with apiGroups [%q], resources [%q], verbs [%q]",
		e.Verb, e.Resource, where, role, group, resource, e.Verb)
}

// Is reports whether target is ErrForbidden.
func (e *ForbiddenError) Is(target error) bool { return target == ErrForbidden }

// Unwrap returns what the API server said.
func (e *ForbiddenError) Unwrap() error { return e.Err }
