package compat

import (
	"maps"
	"slices"
)

// meet adds what another schema says: what is left is allowed by both. Further
// properties are taken as they are meant: one that either of them declares is
// declared, though where the other is closed it would, strictly, not be allowed.
func (v *view) meet(o *view) {
	v.never = v.never || o.never
	v.nullable = v.nullable || o.nullable
	v.meetTypes(o)
	for b, l := range o.limits {
		if l.set {
			v.tighten(bound(b), l)
		}
	}
	v.multiple = slices.Concat(v.multiple, o.multiple)
	v.unique = v.unique || o.unique
	v.patterns = union2(v.patterns, o.patterns)
	v.formats = union2(v.formats, o.formats)
	v.encodings = union2(v.encodings, o.encodings)
	v.grows = v.grows || o.grows
	v.growing = slices.Concat(v.growing, o.growing)
	v.meetObjects(o)
	v.items = slices.Concat(v.items, o.items)
	v.noItems = v.noItems || o.noItems
	v.prefix = slices.Clone(v.prefix)
	for i, item := range o.prefix {
		if i < len(v.prefix) {
			v.prefix[i] = slices.Concat(v.prefix[i], item)
			continue
		}
		v.prefix = append(v.prefix, item)
	}
	v.unions = slices.Concat(v.unions, o.unions)
	v.keywords = join(v.keywords, o.keywords)
	if v.initial == nil {
		v.initial = o.initial
	}
	v.readOnly, v.writeOnly = v.readOnly || o.readOnly, v.writeOnly || o.writeOnly
	v.deprecated = v.deprecated || o.deprecated
}

func (v *view) meetTypes(o *view) {
	switch {
	case v.types == 0:
		v.types = o.types
	case o.types != 0:
		v.types &= o.types
		v.never = v.never || v.types == 0
	}
	switch {
	case o.enum == nil:
	case v.enum == nil:
		v.enum, v.listed = o.enum, o.listed
	default:
		v.enum = slices.DeleteFunc(slices.Clone(v.enum), func(item any) bool { return !contains(o.enum, item) })
	}
}

func (v *view) meetObjects(o *view) {
	v.props = join(v.props, o.props)
	v.byPattern = join(v.byPattern, o.byPattern)
	if len(o.required) > 0 {
		required := maps.Clone(o.required)
		maps.Copy(required, v.required)
		v.required = required
	}
	v.closed = v.closed || o.closed
	v.further = slices.Concat(v.further, o.further)
	v.names = slices.Concat(v.names, o.names)
}

func join(a, b map[string][]source) map[string][]source {
	if len(b) == 0 {
		return a
	}
	if len(a) == 0 {
		return b
	}
	all := maps.Clone(a)
	for name, list := range b {
		all[name] = slices.Concat(all[name], list)
	}
	return all
}

func union2(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(slices.Clip(a), s)
		}
	}
	return a
}

func contains(list []any, v any) bool {
	return slices.ContainsFunc(list, func(item any) bool { return equal(item, v) })
}
