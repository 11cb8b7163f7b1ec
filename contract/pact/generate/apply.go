package generate

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/contract/pact"
)

// Apply returns the interaction with the values that its generators make, in requests,
// responses and messages. What has none is shared with it. State holds what the
// provider states gave; a value of it that is missing leaves what the file says as an
// example, as other implementations do: see [Missing]. The error names each generator
// that has no value, without values.
func Apply(it *pact.Interaction, state map[string]any, rng *rand.Rand, now time.Time) (*pact.Interaction, error) {
	g := &maker{state: state, rng: rng, now: now}
	out := *it
	if it.Request != nil && len(it.Request.Generators) > 0 {
		out.Request = g.request(it.Request)
	}
	if it.Response != nil && len(it.Response.Generators) > 0 {
		out.Response = g.response(it.Response)
	}
	out.Messages = slices.Clone(it.Messages)
	for i := range out.Messages {
		g.message(&out.Messages[i])
	}
	return &out, errors.Join(g.faults...)
}

// Missing names the values that the generators take from provider states and that
// state does not have, sorted.
func Missing(it *pact.Interaction, state map[string]any) []string {
	names := map[string]bool{}
	look := func(all pact.Generators) {
		for _, byPath := range all {
			for _, g := range byPath {
				if g.Type != "ProviderState" {
					continue
				}
				for _, name := range expressionNames(text(g.Options, "expression")) {
					if _, ok := state[name]; !ok {
						names[name] = true
					}
				}
			}
		}
	}
	if it.Request != nil {
		look(it.Request.Generators)
	}
	if it.Response != nil {
		look(it.Response.Generators)
	}
	for i := range it.Messages {
		look(it.Messages[i].Generators)
	}
	return slices.Sorted(maps.Keys(names))
}

// maker makes values; it collects what it could not make.
type maker struct {
	state  map[string]any
	rng    *rand.Rand
	now    time.Time
	faults []error
}

func (m *maker) request(r *pact.Request) *pact.Request {
	out := *r
	m.each(r.Generators, "method", func(_ string, g *pact.Generator) { m.into(&out.Method, g) })
	m.each(r.Generators, "path", func(_ string, g *pact.Generator) { m.into(&out.Path, g) })
	out.Query = m.lists(r.Query, r.Generators, "query", strings.EqualFold)
	out.Header = m.lists(r.Header, r.Generators, "header", strings.EqualFold)
	out.Body = m.body(r.Body, r.Generators)
	return &out
}

func (m *maker) response(r *pact.Response) *pact.Response {
	out := *r
	m.each(r.Generators, "status", func(_ string, g *pact.Generator) {
		status := strconv.Itoa(out.Status)
		m.into(&status, g)
		if n, err := strconv.Atoi(status); err == nil {
			out.Status = n
		}
	})
	out.Header = m.lists(r.Header, r.Generators, "header", strings.EqualFold)
	out.Body = m.body(r.Body, r.Generators)
	return &out
}

func (m *maker) message(msg *pact.Message) {
	if len(msg.Generators) == 0 {
		return
	}
	msg.Metadata = maps.Clone(msg.Metadata)
	m.each(msg.Generators, "metadata", func(path string, g *pact.Generator) {
		name, _ := listPath(path)
		if old, ok := msg.Metadata[name]; ok {
			msg.Metadata[name] = m.value(g, old)
		}
	})
	msg.Body = m.body(msg.Body, msg.Generators)
}

// each calls do for the generators of a category, sorted by path, so that the order in
// which chance is drawn is always the same.
func (m *maker) each(all pact.Generators, c pact.Category, do func(path string, g *pact.Generator)) {
	byPath := all[c]
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		g := byPath[path]
		do(path, &g)
	}
}

// into makes a text anew.
func (m *maker) into(s *string, g *pact.Generator) { *s = asText(m.value(g, *s)) }

// lists makes values of a query or a header: the path is a name, with an index where
// it is one of several.
func (m *maker) lists(in map[string][]string, all pact.Generators, c pact.Category, same func(a, b string) bool) map[string][]string {
	if len(all[c]) == 0 {
		return in
	}
	out := make(map[string][]string, len(in))
	for name, values := range in {
		out[name] = slices.Clone(values)
	}
	m.each(all, c, func(path string, g *pact.Generator) {
		name, index := listPath(path)
		for _, key := range slices.Sorted(maps.Keys(out)) {
			for i := range out[key] {
				if same(key, name) && (index < 0 || index == i) {
					m.into(&out[key][i], g)
				}
			}
		}
	})
	return out
}

// listPath reads "name", "name[0]", "$.name[0]" and "$['name'][0]". An index below 0
// is all.
func listPath(path string) (name string, index int) {
	steps, err := parsePath(path)
	if err != nil || len(steps) == 0 || !strings.HasPrefix(path, "$") {
		base, number, found := strings.Cut(path, "[")
		if n, err := strconv.Atoi(strings.TrimSuffix(number, "]")); found && err == nil {
			return base, n
		}
		return path, -1
	}
	if index = -1; len(steps) > 1 && steps[1].IsIndex() && !steps[1].Any {
		index = steps[1].Index
	}
	return steps[0].Name, index
}

func (m *maker) fault(g *pact.Generator, format string, args ...any) {
	m.faults = append(m.faults, fmt.Errorf("generator %s: %w", g.Type, fmt.Errorf(format, args...)))
}
