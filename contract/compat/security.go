package compat

import (
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract/openapi"
)

// security compares the credentials that an operation needs. Who has those of one of
// the old alternatives must be let in by one of the new ones.
func (d *documents) security(a, b *openapi.Operation, s site) {
	s.direction = InRequest
	open := func(list []openapi.Requirement) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(r openapi.Requirement) bool { return len(r) == 0 })
	}
	switch was, is := open(a.Security), open(b.Security); {
	case was && is:
		return
	case was:
		d.tell(securityAdded, s, a.Place, b.Place, "credentials are needed")
		return
	case is:
		d.tell(securityRemoved, s, a.Place, b.Place, "no credentials are needed any longer")
		return
	}
	for _, r := range a.Security {
		d.alternative(r, a, b, s)
	}
	for _, r := range b.Security {
		if !slices.ContainsFunc(a.Security, func(o openapi.Requirement) bool { return sameSchemes(o, r) }) {
			d.tell(securityWayAdded, s, a.Place, b.Place, schemeNames(r)+" is enough")
		}
	}
	d.schemes(a, s)
}

func (d *documents) alternative(r openapi.Requirement, a, b *openapi.Operation, s site) {
	enough := slices.ContainsFunc(b.Security, func(n openapi.Requirement) bool { return within(n, r) })
	i := slices.IndexFunc(b.Security, func(n openapi.Requirement) bool { return sameSchemes(n, r) })
	switch {
	case i >= 0:
		d.scopes(r, b.Security[i], enough, a, b, s)
	case !enough:
		d.tell(securityWayRemoved, s, a.Place, b.Place, schemeNames(r)+" is not enough any longer")
	}
}

func (d *documents) scopes(before, after openapi.Requirement, enough bool, a, b *openapi.Operation, s site) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		for _, scope := range after[name] {
			if !slices.Contains(before[name], scope) && !enough {
				d.tell(securityScopeAdded, s, a.Place, b.Place, name+" needs the scope "+scope)
			}
		}
		for _, scope := range before[name] {
			if !slices.Contains(after[name], scope) {
				d.tell(securityScopeRemoved, s, a.Place, b.Place, name+" does not need the scope "+scope+" any longer")
			}
		}
	}
}

// within reports whether who has the credentials of r has those of n.
func within(n, r openapi.Requirement) bool {
	for name, scopes := range n {
		has, ok := r[name]
		if !ok || slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(has, scope) }) {
			return false
		}
	}
	return true
}

func sameSchemes(a, b openapi.Requirement) bool {
	return slices.Equal(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
}

func schemeNames(r openapi.Requirement) string {
	return strings.Join(slices.Sorted(maps.Keys(r)), " with ")
}

// schemes compares what the names of credentials stand for.
func (d *documents) schemes(a *openapi.Operation, s site) {
	names := make(map[string]bool)
	for _, r := range a.Security {
		for name := range r {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, after := d.before.Schemes[name], d.after.Schemes[name]
		if before == nil || after == nil {
			continue
		}
		if before.Type != after.Type || before.In != after.In || before.Param != after.Param || before.Scheme != after.Scheme {
			d.tell(schemeChanged, s, before.Place, after.Place, "the credentials "+name+" are something else")
		}
	}
}
