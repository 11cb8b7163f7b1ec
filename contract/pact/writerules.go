package pact

import (
	"fmt"

	"twinspect.dev/contract/pointer"
)

// rules writes matching rules: by path in version 2, by category from version 3 on.
func (f *form) rules(members map[string]any, rules Rules, at string) {
	if len(rules) == 0 {
		return
	}
	f.atLeast(V2, at+"/matchingRules", "matching rules")
	made := map[string]any{}
	for category, lists := range rules {
		place := at + "/matchingRules/" + string(category)
		if f.version < V3 && f.oneRuleEach(lists, place) {
			f.pathRules(made, category, lists, place)
			continue
		}
		if category == InStatus {
			f.atLeast(V4, place, "rules for the status")
		}
		made[string(category)] = f.category(category, lists, place)
	}
	members["matchingRules"] = made
}

func (f *form) category(c Category, lists map[string]RuleList, at string) any {
	if list, ok := lists[""]; ok && len(lists) == 1 && c.single() {
		return f.ruleList(list, at)
	}
	made := map[string]any{}
	for path, list := range lists {
		made[path] = f.ruleList(list, pointer.Join(at, path))
	}
	return made
}

func (f *form) ruleList(list RuleList, at string) any {
	made := object(list.Extra)
	made["combine"] = "AND"
	if list.Any {
		made["combine"] = "OR"
	}
	matchers := []any{}
	for i := range list.Rules {
		matchers = append(matchers, f.rule(&list.Rules[i], at))
	}
	made["matchers"] = matchers
	return made
}

// since are the rules that came with version 3 and 4; all others came with version 2.
var since = map[string]Version{
	"equality": V3, "include": V3, "integer": V3, "decimal": V3, "number": V3, "null": V3, "boolean": V3,
	"date": V3, "time": V3, "timestamp": V3, "datetime": V3, "values": V3, "contentType": V3,
	"notEmpty": V4, "semver": V4, "statusCode": V4, "arrayContains": V4, "eachKey": V4, "eachValue": V4,
}

func (f *form) rule(r *Rule, at string) map[string]any {
	if needed, ok := since[r.Match]; ok {
		f.atLeast(needed, at, fmt.Sprintf("the rule %q", r.Match))
	}
	made := object(r.Options)
	if r.Match != "" {
		made["match"] = r.Match
	}
	return made
}

// oneRuleEach reports whether the form of version 2 has room for the rules.
func (f *form) oneRuleEach(lists map[string]RuleList, at string) bool {
	for path, list := range lists {
		if len(list.Rules) != 1 || len(list.Extra) > 0 {
			f.atLeast(V3, pointer.Join(at, path), "more than one rule for a path")
			return false
		}
	}
	return true
}

func (f *form) pathRules(made map[string]any, c Category, lists map[string]RuleList, at string) {
	for key, list := range lists {
		place := pointer.Join(at, key)
		path, err := v2Path(c, key)
		if err != nil {
			f.fail(place, "%s", err)
		}
		made[path] = f.rule(&list.Rules[0], place)
	}
}

// v2Path is the reverse of within. The specification and its reference know rules of
// headers by "$.headers" alone.
func v2Path(c Category, key string) (string, error) {
	name := string(c)
	if c == InHeader {
		name = "headers"
	}
	if c == InBody {
		steps, err := ParsePath(key)
		return FormatPath(append([]Step{{Name: name, Index: -1}}, steps...)), err
	}
	if key == "" {
		return "$." + name, nil
	}
	if steps, err := ParsePath(key); err == nil {
		return FormatPath(append([]Step{{Name: name, Index: -1}}, steps...)), nil
	}
	own, index := key, ""
	if i := bracketAt(key); i > 0 {
		own, index = key[:i], key[i:]
	}
	step := Step{Name: own, Index: -1, Any: own == "*"}
	return FormatPath([]Step{{Name: name, Index: -1}, step}) + index, nil
}

// bracketAt finds an index after the name of a parameter: "q[0]".
func bracketAt(key string) int {
	for i := range key {
		if _, err := ParsePath("$" + key[i:]); key[i] == '[' && err == nil {
			return i
		}
	}
	return -1
}

func (f *form) generators(members map[string]any, generators Generators, at string) {
	if len(generators) == 0 {
		return
	}
	f.atLeast(V3, at+"/generators", "generators")
	made := map[string]any{}
	for category, paths := range generators {
		if g, ok := paths[""]; ok && len(paths) == 1 && category.single() {
			made[string(category)] = generator(g)
			continue
		}
		each := map[string]any{}
		for path, g := range paths {
			each[path] = generator(g)
		}
		made[string(category)] = each
	}
	members["generators"] = made
}

func generator(g Generator) map[string]any {
	made := object(g.Options)
	made["type"] = g.Type
	return made
}
