package schema

import (
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// survey looks at all schemas that a schema reaches. It returns an error where
// one consists of itself, without end, and whether one is foreign.
func (sd *side) survey(root *jsonschema.Schema) (bool, error) {
	v := &surveyor{side: sd, state: make(map[*jsonschema.Schema]state)}
	queue := []*jsonschema.Schema{root}
	reached := map[*jsonschema.Schema]bool{root: true}
	foreign := false
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if known, ok := sd.surveyed[s]; ok && s != root {
			foreign = foreign || known
			continue
		}
		foreign = foreign || isForeign(s)
		if err := v.descend(s); err != nil {
			return false, err
		}
		for _, next := range slices.Concat(inPlace(s), below(s)) {
			if !reached[next] {
				reached[next] = true
				queue = append(queue, next)
			}
		}
	}
	for s := range reached {
		if _, ok := sd.surveyed[s]; !ok && !foreign {
			sd.surveyed[s] = false
		}
	}
	return foreign, nil
}

// isForeign reports whether a schema is of a draft before 2020-12.
func isForeign(s *jsonschema.Schema) bool { return s.DraftVersion < 2020 }

type surveyor struct {
	side  *side
	state map[*jsonschema.Schema]state
}

// descend follows what holds the same value. Coming back to a schema that is
// still being followed, it would go on without end.
func (v *surveyor) descend(s *jsonschema.Schema) error {
	if _, ok := v.side.surveyed[s]; ok || v.state[s] == compiled {
		return nil
	}
	if v.state[s] == compiling {
		return fmt.Errorf("%s: the schema consists of itself, without end", placeIn(v.side.list, s.Location))
	}
	v.state[s] = compiling
	for _, next := range inPlace(s) {
		if err := v.descend(next); err != nil {
			return err
		}
	}
	v.state[s] = compiled
	return nil
}

// inPlace returns the schemas that hold the same value as a schema.
func inPlace(s *jsonschema.Schema) []*jsonschema.Schema {
	list := slices.Concat(s.AllOf, s.AnyOf, s.OneOf)
	for _, next := range []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else} {
		if next != nil {
			list = append(list, next)
		}
	}
	if d := DynamicOf(s); d != nil {
		list = slices.AppendSeq(append(list, d.Static), maps.Values(d.targets))
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		list = append(list, s.DependentSchemas[name])
	}
	for _, dependency := range s.Dependencies {
		if next, ok := dependency.(*jsonschema.Schema); ok {
			list = append(list, next)
		}
	}
	return list
}

// below returns the schemas that hold parts of the value of a schema, its
// properties' names and what its text encodes.
func below(s *jsonschema.Schema) []*jsonschema.Schema {
	list := slices.Clone(s.PrefixItems)
	list = slices.AppendSeq(list, maps.Values(s.Properties))
	list = slices.AppendSeq(list, maps.Values(s.PatternProperties))
	for _, any := range []any{s.AdditionalProperties, s.Items, s.AdditionalItems} {
		switch next := any.(type) {
		case *jsonschema.Schema:
			list = append(list, next)
		case []*jsonschema.Schema:
			list = append(list, next...)
		}
	}
	for _, next := range []*jsonschema.Schema{
		s.PropertyNames, s.Items2020, s.Contains,
		s.UnevaluatedItems, s.UnevaluatedProperties, s.ContentSchema,
	} {
		if next != nil {
			list = append(list, next)
		}
	}
	return list
}
