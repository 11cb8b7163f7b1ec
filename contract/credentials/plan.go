package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// plan is what is done for the requests to one operation.
type plan struct {
	// all are the schemes of all alternatives.
	all []*scheme
	// use is the alternative that is used, nil where there is none at hand.
	use []*holder
	// forge are the schemes that wrong credentials are made for.
	forge []*scheme
	// lacks says what is not at hand; "" where nothing more is needed.
	lacks string
}

func (s *Store) plan(op *openapi.Operation) *plan {
	p := &plan{}
	var best openapi.Requirement
	cheapest, optional := -1, len(op.Security) == 0
	var lacks []string
	for _, r := range op.Security {
		schemes := s.of(r)
		if len(r) == 0 {
			optional = true
			continue
		}
		for _, scheme := range schemes {
			if !slices.Contains(p.all, scheme) {
				p.all = append(p.all, scheme)
			}
		}
		if p.forge == nil {
			p.forge = slices.DeleteFunc(schemes, func(x *scheme) bool { return x.place.in == "" })
		}
		cost, lack := s.weigh(r)
		if lack != "" {
			lacks = append(lacks, lack)
		} else if cheapest < 0 || cost < cheapest {
			best, cheapest = r, cost
		}
	}
	switch {
	case cheapest >= 0:
		p.choose(s, best)
	case !optional:
		p.lacks = "no credentials for " + strings.Join(lacks, ", or for ")
	}
	return p
}

// choose makes a requirement the one that is used.
func (p *plan) choose(s *Store, r openapi.Requirement) {
	var forge []*scheme
	for _, scheme := range s.of(r) {
		if scheme.place.in == "" {
			continue
		}
		forge = append(forge, scheme)
		key := keyOf(scheme, r[scheme.Name])
		h := s.holders[key]
		if h == nil {
			h = newHolder(scheme, r[scheme.Name])
			s.holders[key] = h
		}
		p.use = append(p.use, h)
	}
	if len(forge) > 0 {
		p.forge = forge
	}
}

// of returns the schemes of a requirement that the document declares, by their names.
func (s *Store) of(r openapi.Requirement) []*scheme {
	var all []*scheme
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if scheme := s.schemes[name]; scheme != nil {
			all = append(all, scheme)
		}
	}
	return all
}

// weigh returns what a requirement costs, or what is not at hand for it.
func (s *Store) weigh(r openapi.Requirement) (cost int, lack string) {
	var lacks []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		switch scheme := s.schemes[name]; {
		case scheme == nil:
			lacks = append(lacks, name+", which the document does not declare")
		case scheme.cannot != "":
			lacks = append(lacks, scheme.Name+": "+scheme.cannot)
		case !scheme.atHand():
			lacks = append(lacks, scheme.what())
		default:
			cost += scheme.cost()
		}
	}
	return cost, strings.Join(lacks, " and ")
}

func (s *Store) planOf(op *openapi.Operation) *plan {
	if p := s.plans[op.Name]; p != nil {
		return p
	}
	return &plan{}
}

// Apply adds to a request what its operation asks for, or for
// [contract.WrongCredentials] something of its form that is wrong; for
// [contract.NoCredentials] it takes away what is there. The memory that the request
// refers to is not written to. The error says for which scheme there is nothing, or
// why it could not be got.
func (s *Store) Apply(ctx context.Context, op *openapi.Operation, which contract.Credentials, req *capture.Request) error {
	if s == nil || op == nil {
		return nil
	}
	p := s.planOf(op)
	switch which {
	case contract.NoCredentials:
		for _, scheme := range p.all {
			scheme.place.strip(req)
		}
		return nil
	case contract.WrongCredentials:
		return s.forge(ctx, p, req)
	}
	if p.lacks != "" && !s.empty {
		return errors.New(p.lacks)
	}
	for _, h := range p.use {
		value, err := h.get(ctx, s.now)
		if err != nil {
			return err
		}
		h.scheme.place.put(req, value)
	}
	return nil
}

// forge puts wrong credentials into a request. Where the right ones cannot be had,
// the wrong ones are made up.
func (s *Store) forge(ctx context.Context, p *plan, req *capture.Request) error {
	for _, scheme := range p.all {
		scheme.place.strip(req)
	}
	for _, scheme := range p.forge {
		right := ""
		for _, h := range p.use {
			if h.scheme == scheme {
				right, _ = h.get(ctx, s.now)
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		scheme.place.put(req, scheme.wrong(right))
	}
	return nil
}

// Renew hears that the right credentials were answered 401, and reports whether
// there are new ones to ask again with. A token is renewed at most once a second.
func (s *Store) Renew(ctx context.Context, op *openapi.Operation) bool {
	if s == nil || op == nil {
		return false
	}
	renewed := false
	for _, h := range s.planOf(op).use {
		renewed = h.renew(ctx, s.now) || renewed
	}
	return renewed
}

// Missing tells which operations need credentials that are not at hand, in the
// document's order, and how to give them.
func (s *Store) Missing() []contract.Gap {
	if s == nil {
		return nil
	}
	return slices.Clone(s.missing)
}

// gap is what is told of an operation without credentials.
func (p *plan) gap(op *openapi.Operation) contract.Gap {
	g := contract.Gap{Operation: op.Name, Rule: contract.RuleCredentials, Why: p.lacks}
	for _, scheme := range p.all {
		if scheme.place.in == "" {
			continue
		}
		g.At = cmp.Or(g.At, scheme.place.at())
		if scheme.cannot == "" && !scheme.atHand() {
			g.Why += fmt.Sprintf("; give %s=env:NAME, a file or a command", scheme.Name)
			break
		}
	}
	return g
}
