package pact

import (
	"strconv"
	"strings"

	"twinspect.dev/contract/pointer"
)

// rules reads matching rules in the form of version 2, by path, or of version 3 and
// 4, by category.
func (s *source) rules(f fields) Rules {
	members := f.object("matchingRules")
	rules, at := Rules{}, f.place("matchingRules")
	for name, v := range members {
		place := pointer.Join(at, name)
		if strings.HasPrefix(name, "$") {
			s.pathRule(rules, name, v, place)
			continue
		}
		category, ok := categories[name]
		if !ok {
			s.fail(place, "a category of rules that is not known")
			continue
		}
		rules[category] = s.category(category, v, place)
	}
	if len(rules) == 0 {
		return nil
	}
	return rules
}

// category reads the rules of one: by path, or those of its one value at once.
func (s *source) category(c Category, v any, at string) map[string]RuleList {
	members, ok := v.(map[string]any)
	if !ok {
		s.fail(at, "an object is expected")
	}
	if c.single() && (members["matchers"] != nil || members["match"] != nil) {
		return map[string]RuleList{"": s.ruleList(members, at)}
	}
	return s.ruleLists(members, at)
}

func (s *source) ruleLists(members map[string]any, at string) map[string]RuleList {
	lists := map[string]RuleList{}
	for path, v := range members {
		lists[path] = s.ruleList(v, pointer.Join(at, path))
	}
	return lists
}

func (s *source) ruleList(v any, at string) RuleList {
	f := s.fields(v, at)
	if _, ok := f.left["matchers"]; !ok {
		return RuleList{Rules: []Rule{s.rule(v, at)}}
	}
	list := RuleList{Any: strings.EqualFold(f.text("combine"), "OR")}
	place := f.place("matchers")
	for i, item := range f.list("matchers") {
		list.Rules = append(list.Rules, s.rule(item, pointer.Join(place, strconv.Itoa(i))))
	}
	list.Extra = f.rest()
	return list
}

func (s *source) rule(v any, at string) Rule {
	members, ok := v.(map[string]any)
	if !ok {
		s.fail(at, "a matching rule is expected")
	}
	if name, there := members["match"]; there {
		if _, ok := name.(string); !ok {
			s.fail(pointer.Join(at, "match"), "a string is expected")
		}
	}
	return ruleOf(members)
}

// pathRule reads one of version 2: "$.body.items[*].id", "$.header.Accept".
func (s *source) pathRule(rules Rules, path string, v any, at string) {
	steps, err := ParsePath(path)
	if err != nil || len(steps) == 0 {
		s.fail(at, "a path such as $.body.items[*].id is expected")
		return
	}
	category, ok := categories[steps[0].Name]
	if !ok {
		s.fail(at, "a path into body, headers, query, path, method or status is expected")
		return
	}
	if rules[category] == nil {
		rules[category] = map[string]RuleList{}
	}
	rules[category][within(category, steps[1:])] = s.ruleList(v, at)
}

// within returns the key of a rule in its category.
func within(c Category, steps []Step) string {
	switch {
	case c == InBody:
		return FormatPath(steps)
	case len(steps) == 0 || c.single():
		return ""
	}
	name := steps[0].Name
	if steps[0].Any {
		name = "*"
	}
	return name + strings.TrimPrefix(FormatPath(steps[1:]), "$")
}

func (s *source) generators(f fields) Generators {
	members := f.object("generators")
	if len(members) == 0 {
		return nil
	}
	generators, at := Generators{}, f.place("generators")
	for name, v := range members {
		place := pointer.Join(at, name)
		category, ok := categories[name]
		if !ok {
			s.fail(place, "a category of generators that is not known")
			continue
		}
		generators[category] = s.generatorsOf(category, v, place)
	}
	return generators
}

func (s *source) generatorsOf(c Category, v any, at string) map[string]Generator {
	f := s.fields(v, at)
	if _, ok := f.left["type"].(string); ok && c.single() {
		return map[string]Generator{"": s.generator(v, at)}
	}
	generators := map[string]Generator{}
	for path, v := range f.left {
		generators[path] = s.generator(v, f.place(path))
	}
	return generators
}

func (s *source) generator(v any, at string) Generator {
	f := s.fields(v, at)
	g := Generator{Type: f.text("type")}
	g.Options = f.rest()
	return g
}
