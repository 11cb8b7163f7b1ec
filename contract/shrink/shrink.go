// Package shrink makes failing cases smaller (Zeller and Hildebrandt, Simplifying
// and Isolating Failure-Inducing Input, 2002): it proposes, and who asks the
// provider decides.
package shrink

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// Smaller yields cases that do without something that cs has, each in one
// respect, the greatest first. cs is not changed; what is yielded shares memory
// with it. Following what is yielded ends, as each says less.
func Smaller(cs *contract.Case) iter.Seq[contract.Case] {
	return func(yield func(contract.Case) bool) {
		for i := range cs.Steps {
			if !withoutStep(cs, i, yield) {
				return
			}
		}
		for i := range cs.Steps {
			for r := range requests(&cs.Steps[i].Request, cs.At) {
				smaller := *cs
				smaller.Steps = slices.Clone(cs.Steps)
				smaller.Steps[i].Request = r
				if !yield(smaller) {
					return
				}
			}
		}
	}
}

// withoutStep yields the case without a step that no other needs. The last one is
// what the case is about.
func withoutStep(cs *contract.Case, i int, yield func(contract.Case) bool) bool {
	if i == len(cs.Steps)-1 || needed(cs.Steps[i].Name, cs.Steps[i+1:]) {
		return true
	}
	smaller := *cs
	smaller.Steps = slices.Delete(slices.Clone(cs.Steps), i, i+1)
	return yield(smaller)
}

func needed(name string, later []contract.Step) bool {
	return slices.ContainsFunc(later, func(s contract.Step) bool {
		return slices.Contains(strings.Fields(s.Expect.Kept), name) ||
			s.Expect.Same == name || s.Expect.Listed == name || s.Expect.Unlisted == name ||
			slices.ContainsFunc(s.Use, func(u contract.Use) bool { return u.Step == name })
	})
}

// requests yields smaller requests. at is what the case is about: first all else
// goes at once.
func requests(r *contract.Request, at contract.Place) iter.Seq[contract.Request] {
	return func(yield func(contract.Request) bool) {
		if bare, ok := bare(r, at); ok && !yield(bare) {
			return
		}
		for _, part := range []func(*contract.Request) *map[string]any{
			func(r *contract.Request) *map[string]any { return &r.Query },
			func(r *contract.Request) *map[string]any { return &r.Header },
			func(r *contract.Request) *map[string]any { return &r.Cookie },
		} {
			if !parameters(r, part, true, yield) {
				return
			}
		}
		if !parameters(r, func(r *contract.Request) *map[string]any { return &r.Path }, false, yield) {
			return
		}
		bodies(r, yield)
	}
}

// bare returns r without the parameters that at does not name.
func bare(r *contract.Request, at contract.Place) (contract.Request, bool) {
	part, name := at.Split()
	b := *r
	left := 0
	for where, values := range map[string]*map[string]any{"query": &b.Query, "header": &b.Header, "cookie": &b.Cookie} {
		kept := map[string]any{}
		if v, ok := (*values)[name]; ok && part == where {
			kept[name] = v
		}
		left += len(*values) - len(kept)
		*values = kept
	}
	return b, left > 1
}

// parameters yields r with each parameter absent, where it may be, or simpler.
func parameters(r *contract.Request, part func(*contract.Request) *map[string]any, absent bool, yield func(contract.Request) bool) bool {
	values := *part(r)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		with := func(change func(map[string]any)) bool {
			smaller, changed := *r, maps.Clone(values)
			change(changed)
			*part(&smaller) = changed
			return yield(smaller)
		}
		if absent && !with(func(m map[string]any) { delete(m, name) }) {
			return false
		}
		for v := range simpler(values[name]) {
			if !with(func(m map[string]any) { m[name] = v }) {
				return false
			}
		}
	}
	return true
}

// maxBodySteps bounds the proposals for one body: who asks gives up long before.
const maxBodySteps = 2000

func bodies(r *contract.Request, yield func(contract.Request) bool) {
	if r.Body == nil {
		return
	}
	with := func(b *contract.Body) bool {
		smaller := *r
		smaller.Body = b
		return yield(smaller)
	}
	if !with(nil) {
		return
	}
	if r.Body.Raw != nil {
		for n := len(r.Body.Raw) / 2; n > 0; n /= 2 {
			if !with(&contract.Body{MediaType: r.Body.MediaType, Raw: r.Body.Raw[:n]}) {
				return
			}
		}
		return
	}
	left := maxBodySteps
	within(r.Body.Value, "", func(p string, v any, present bool) bool {
		left--
		var changed any
		var ok bool
		if present {
			changed, ok = pointer.Set(r.Body.Value, p, v)
		} else {
			changed, ok = pointer.Delete(r.Body.Value, p)
		}
		return !ok || left > 0 && with(&contract.Body{MediaType: r.Body.MediaType, Value: changed})
	})
}

// within tells what may be changed in a tree, the outermost first: a pointer and
// the simpler value there, or that it may be absent.
func within(v any, at string, propose func(p string, v any, present bool) bool) bool {
	switch t := v.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(t))
		for _, name := range names {
			if !propose(pointer.Join(at, name), nil, false) {
				return false
			}
		}
		for _, name := range names {
			if !within(t[name], pointer.Join(at, name), propose) {
				return false
			}
		}
		return true
	case []any:
		for shorter := range halves(t) {
			if !propose(at, shorter, true) {
				return false
			}
		}
		for i, element := range t {
			if !within(element, pointer.Join(at, strconv.Itoa(i)), propose) {
				return false
			}
		}
		return true
	}
	for s := range simpler(v) {
		if !propose(at, s, true) {
			return false
		}
	}
	return true
}

// simpler yields values that say less than v.
func simpler(v any) iter.Seq[any] {
	return func(yield func(any) bool) {
		switch t := v.(type) {
		case string:
			shorterText(t, yield)
		case json.Number:
			for _, s := range []json.Number{"0", "1"} {
				if len(t) > 1 && s != t && !yield(s) {
					return
				}
			}
		case []any:
			for shorter := range halves(t) {
				if !yield(shorter) {
					return
				}
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(t)) {
				smaller := maps.Clone(t)
				delete(smaller, name)
				if !yield(smaller) {
					return
				}
			}
		}
	}
}

func shorterText(s string, yield func(any) bool) {
	runes := []rune(s)
	for n := 0; n < len(runes); n = max(1, 2*n) {
		if !yield(string(runes[:n])) {
			return
		}
	}
	if plain := strings.Repeat("a", len(runes)); plain < s && !yield(plain) {
		return
	}
}

// halves yields t without its second half, without its first, and without each
// element.
func halves(t []any) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		if len(t) == 0 {
			return
		}
		if n := len(t) / 2; n > 0 && (!yield(t[:n:n]) || !yield(t[n:])) {
			return
		}
		for i := range t {
			if i == 32 { // who asks gives up long before
				return
			}
			if !yield(slices.Delete(slices.Clone(t), i, i+1)) {
				return
			}
		}
	}
}
