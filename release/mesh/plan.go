package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"

	istioapi "istio.io/api/networking/v1alpha3"
	istio "istio.io/client-go/pkg/apis/networking/v1"
)

// Action is what a plan does with an object.
type Action string

// The actions of a [Step].
const (
	Create    Action = "create"
	Update    Action = "update"
	Unchanged Action = "unchanged"
	// Refuse: it cannot be done; Step.Err says why.
	Refuse Action = "refuse"
)

// Step is one object of a plan.
type Step struct {
	Action Action
	Object Ref
	Err    error

	want object
	// live is what stood there, nil where nothing did.
	live object
}

// Plan is what [Apply] would do. It holds until the cluster changes.
type Plan struct {
	// Routes are with their defaults filled in.
	Routes Routes
	Steps  []Step
	// Notes tell what applying would change for others.
	Notes []string
}

// MakePlan lists the cluster's objects and says what the routes need. It changes
// nothing. Where a step is refused, the plan is returned with the error.
func MakePlan(ctx context.Context, c *Clients, spec Routes) (*Plan, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	s, err := Load(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.Plan(spec)
}

// Plan is [MakePlan] on what was listed before.
func (s *Snapshot) Plan(spec Routes) (*Plan, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	spec = spec.withDefaults(s.Domain)
	p := &Plan{Routes: spec}
	svc := s.service(spec.Host, spec.Namespace)
	if svc == nil {
		return nil, fault(ErrInvalid, "give the service's name in full, as Istio knows it",
			"%s is no Service or ServiceEntry that namespace %s sees", spec.Host, spec.Namespace)
	}
	if _, ok := svc.port(spec.Port); spec.Port != 0 && !ok {
		return nil, fault(ErrInvalid, "give one of them, or none", "%s has no port %d, only %v", svc.ref, spec.Port, svc.portNumbers())
	}
	p.Steps = []Step{s.planRule(p, svc)}
	if !spec.SubsetsOnly {
		p.Steps = append(p.Steps, s.planService(p))
	}
	var refused []error
	for _, st := range p.Steps {
		refused = append(refused, st.Err)
	}
	return p, errors.Join(refused...)
}

// step compares what is wanted with what stands there.
func (p *Plan) step(want, live object, err error) Step {
	st := Step{Object: refOf(want.GetObjectKind().GroupVersionKind().Kind, want), want: want, live: live, Err: err}
	switch {
	case err != nil:
		st.Action = Refuse
	case live == nil:
		st.Action = Create
	case !oursAs(live, p.Routes.Name):
		st.Action = Refuse
		st.Err = fault(ErrForeign, "give the routes another name, or remove it if nobody needs it",
			"%s was not made by twinspect and is not touched", st.Object)
	case sameContent(want, live):
		st.Action = Unchanged
	default:
		st.Action = Update
	}
	return st
}

func (s *Snapshot) planService(p *Plan) Step {
	want := p.Routes.virtualService()
	var live object
	var rivals []*istio.VirtualService
	for _, vs := range s.VirtualServices {
		switch {
		case vs.Namespace == want.Namespace && vs.Name == want.Name:
			live = vs
		case s.rival(vs, p.Routes):
			rivals = append(rivals, vs)
		case len(vs.Spec.Http) > 0 && mostSpecific(s.hosts(vs), p.Routes.Host) != "" && shared(vs, p.Routes) != "":
			p.note("%s holds for %s by a wildcard; its routes no longer do while ours stand", refOf(kindVirtualService, vs), p.Routes.Host)
		}
	}
	if len(rivals) > 0 {
		return p.step(want, live, conflict(p.Routes.Host, shared(rivals[0], p.Routes), rivals, p.remedy(rivals)))
	}
	return p.step(want, live, nil)
}

// rival: a VirtualService of the same host on the same gateway, wherever it is.
// Even on a real gateway, which would join both, its routes come before ours.
func (s *Snapshot) rival(vs *istio.VirtualService, spec Routes) bool {
	return len(vs.Spec.Http) > 0 && slices.Contains(s.hosts(vs), spec.Host) && shared(vs, spec) != ""
}

// shared returns a gateway on which both hold, or "".
func shared(vs *istio.VirtualService, spec Routes) string {
	theirs := gatewaysOf(vs.Spec.Gateways, vs.Namespace)
	for _, g := range gatewaysOf(spec.Gateways, spec.Namespace) {
		if slices.Contains(theirs, g) {
			return g
		}
	}
	return ""
}

// remedy: only the owner of a foreign VirtualService may change it; those of
// another run are ours to remove.
func (p *Plan) remedy(rivals []*istio.VirtualService) string {
	for _, vs := range rivals {
		if !ours(vs) {
			return fmt.Sprintf("ask its owner to put these routes before its own, and apply with subsetsOnly:\n%s", p.stanzasYAML())
		}
	}
	l := rivals[0].Labels
	return fmt.Sprintf("wait for the run %q that made it, or delete the routes named %q", l[LabelRun], l[LabelRoutes])
}

// planRule keeps our subsets in a rule of their own. Istio joins the rules of
// one host only if they agree in exportTo, and takes only the most specific
// host's: so ours follows the others of the host, and carries the policy of the
// rule that it would otherwise hide.
func (s *Snapshot) planRule(p *Plan, svc *service) Step {
	want := p.Routes.destinationRule()
	var live object
	without := *s
	without.DestinationRules = slices.DeleteFunc(slices.Clone(s.DestinationRules), func(d *istio.DestinationRule) bool {
		mine := d.Namespace == want.Namespace && d.Name == want.Name
		if mine {
			live = d
		}
		return mine
	})
	if svc.ref.Namespace != p.Routes.Namespace {
		p.note("the service is in namespace %s: callers outside %s do not see the subsets; write the routes there",
			svc.ref.Namespace, p.Routes.Namespace)
	}
	err := without.besides(p, want, svc)
	return p.step(want, live, err)
}

func (s *Snapshot) besides(p *Plan, want *istio.DestinationRule, svc *service) error {
	for _, d := range s.DestinationRules {
		if fqdn(d.Spec.Host, d.Namespace, s.Domain) != svc.host {
			continue
		}
		if d.Namespace != want.Namespace {
			p.note("%s decides for the callers in its namespace, which do not see our subsets", refOf(kindDestinationRule, d))
			continue
		}
		if err := clash(d, want); err != nil {
			return err
		}
		if d.Spec.GetWorkloadSelector() != nil {
			p.note("%s decides alone for the callers that it selects, which do not see our subsets", refOf(kindDestinationRule, d))
		}
	}
	hidden := s.rule(svc.host, svc.ref.Namespace, want.Namespace, nil)
	switch {
	case hidden == nil:
	case hidden.host == svc.host && hidden.from[0].Namespace == want.Namespace:
		want.Spec.ExportTo = slices.Clone(hidden.from[len(hidden.from)-1].Spec.ExportTo)
	case hidden.policy != nil:
		want.Spec.TrafficPolicy = hidden.policy.DeepCopy()
		p.note("%s no longer decides for %s while ours stands, which therefore has its traffic policy",
			refOf(kindDestinationRule, hidden.from[0]), svc.host)
	}
	return nil
}

// clash: of two subsets with one name the older counts, and it is not ours.
func clash(d, want *istio.DestinationRule) error {
	for _, s := range d.Spec.Subsets {
		if slices.ContainsFunc(want.Spec.Subsets, func(w *istioapi.Subset) bool { return w.Name == s.GetName() }) {
			return fault(ErrForeign, "remove it, or delete the routes that it belongs to",
				"%s already defines the subset %s of this host", refOf(kindDestinationRule, d), s.GetName())
		}
	}
	return nil
}

func (p *Plan) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}
