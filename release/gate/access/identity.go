package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"twinspect.dev/capture/rulefile"
)

// Action is something that can be done at the gate.
type Action string

// The actions.
const (
	Ask      Action = "ask"      // for a verdict
	Push     Action = "push"     // evidence
	Override Action = "override" // a verdict, and take that back
	Stop     Action = "stop"     // all releases, and end that
	Announce Action = "announce" // a deployment
	Read     Action = "read"     // evidence, releases, verdicts
	Policy   Action = "policy"   // change policies
	Audit    Action = "audit"    // read who did what
)

// Actions are all of them.
var Actions = []Action{Ask, Push, Override, Stop, Announce, Read, Policy, Audit}

// Kind is how an identity is known.
type Kind string

// The kinds.
const (
	ByToken       Kind = "token"
	ByCertificate Kind = "certificate"
	Anonymous     Kind = "anonymous"
)

// anonymous is the name of everybody who has none.
const anonymous = "anonymous"

// Scope lets some actions be done for some services.
type Scope struct {
	Services []string // patterns with * for any text
	May      []Action
}

// Identity is who asks. The zero Identity may nothing. It is not changed, and may be
// used by many goroutines.
type Identity struct {
	Name string
	Kind Kind

	scopes  []Scope
	expires time.Time
}

// May reports whether the action may be done for the service. What is for no service,
// or for all, has the service "", which only a scope for * covers.
//
// A pattern, as a stop has it, may stand for a service: it is covered where every
// service that it stands for is.
func (i Identity) May(a Action, service string) bool {
	return slices.ContainsFunc(i.scopes, func(s Scope) bool {
		return slices.Contains(s.May, a) && slices.ContainsFunc(s.Services, func(p string) bool { return rulefile.Glob(p, service) })
	})
}

// Services returns the patterns of the services that the action may be done for, none
// where there are none: a list is filtered by [Identity.May].
func (i Identity) Services(a Action) []string {
	var list []string
	for _, s := range i.scopes {
		if slices.Contains(s.May, a) {
			list = append(list, s.Services...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Check returns a [*Forbidden] where the action may not be done for the service.
func (i Identity) Check(a Action, service string) error {
	if i.May(a, service) {
		return nil
	}
	return &Forbidden{Who: i.Name, Action: a, Service: service}
}

// Forbidden says what may not be done, and what would let it.
type Forbidden struct {
	Who     string
	Action  Action
	Service string
}

func (f *Forbidden) Error() string {
	who, what, scope := f.Who, "for "+clean(f.Service), clean(f.Service)
	if who == "" {
		who = "nobody who is known"
	}
	if f.Service == "" {
		what, scope = "for all services", `"*"`
	}
	return fmt.Sprintf("%s may not %s %s; a scope with services: [%s] and may: [%s] would let it", clean(who), f.Action, what, scope, f.Action)
}

type key struct{}

// With returns a context that holds who asks.
func With(ctx context.Context, i Identity) context.Context { return context.WithValue(ctx, key{}, i) }

// From returns who asks, the zero Identity where nobody was authenticated.
func From(ctx context.Context) Identity {
	i, _ := ctx.Value(key{}).(Identity)
	return i
}
