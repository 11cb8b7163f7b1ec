package match

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// splitTarget cuts a request-target into path and query (RFC 9112 section 3.2).
func splitTarget(target string) (path, query string) {
	path, query, _ = strings.Cut(target, "?")
	if i := strings.Index(path, "://"); i > 0 && !strings.Contains(path[:i], "/") {
		_, after, ok := strings.Cut(path[i+3:], "/")
		path = "/" + after
		if !ok {
			path = "/"
		}
	}
	return path, query
}

func (c *checker) method(want, got string) {
	if rules, ok := c.rulesFor(pact.InMethod, ""); ok {
		c.text("method", &rules, want, got)
		return
	}
	if !strings.EqualFold(want, got) {
		c.add("method", want, got, "another method is expected")
	}
}

// path compares paths as they are written, or else percent-decoded.
func (c *checker) path(want, got string) {
	if rules, ok := c.rulesFor(pact.InPath, ""); ok {
		c.text("path", &rules, want, got)
		return
	}
	if decoded(want) != decoded(got) {
		c.add("path", want, got, "another path is expected")
	}
}

// decoded undoes percent-encoding; a text in which it is broken stays as it is.
func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

func (c *checker) status(want, got int) {
	w, g := json.Number(strconv.Itoa(want)), json.Number(strconv.Itoa(got))
	rules, ok := c.rulesFor(pact.InStatus, "")
	switch {
	case ok:
		c.decide("status", &rules, w, g, func(r *pact.Rule) string {
			if r.Name() == "statusCode" {
				return statusFits(r.Options["status"], got)
			}
			return c.scalar(r, w, g, true)
		})
	case want != 0 && want != got:
		c.add("status", w, g, "another status is expected")
	}
}

// classes are the first and the last status of the names that "statusCode" has.
var classes = map[string][2]int{
	"info": {100, 199}, "success": {200, 299}, "redirect": {300, 399}, "clientError": {400, 499},
	"serverError": {500, 599}, "nonError": {100, 399}, "error": {400, 599},
}

// statusFits says why a status is not of a class, or not one of a list.
func statusFits(rule any, got int) string {
	switch rule := rule.(type) {
	case string:
		class, ok := classes[rule]
		switch {
		case !ok:
			return "the class of statuses of the rule is not known"
		case got < class[0] || got > class[1]:
			return "a status of the class " + rule + " is expected"
		}
		return ""
	case []any:
		if slices.Contains(rule, any(json.Number(strconv.Itoa(got)))) {
			return ""
		}
	}
	return "one of the statuses of the rule is expected"
}

// rulesFor returns the rules of a category at a name, whose case counts in a header
// alone.
func (c *checker) rulesFor(category pact.Category, name string) (pact.RuleList, bool) {
	if list, ok := c.rules[category][name]; ok {
		return list, len(list.Rules) > 0
	}
	for _, path := range slices.Sorted(maps.Keys(c.rules[category])) {
		list := c.rules[category][path]
		if ruleNames(category, path, name) && len(list.Rules) > 0 {
			return list, true
		}
	}
	return pact.RuleList{}, false
}

// ruleNames reports whether a path of a category is about a name: "name", "$.name",
// "$['name']", "name[0]", "name[*]" or, in categories of one value, "$".
func ruleNames(category pact.Category, path, name string) bool {
	if steps, err := pact.ParsePath(path); err == nil {
		if len(steps) == 0 {
			return name == ""
		}
		path = steps[0].Name
	} else if before, _, ok := strings.Cut(path, "["); ok {
		path = before
	}
	if category == pact.InHeader {
		return strings.EqualFold(path, name)
	}
	return path == name || path == "*"
}

// text compares one text by rules.
func (c *checker) text(at contract.Place, rules *pact.RuleList, want, got string) {
	c.decide(at, rules, want, got, func(r *pact.Rule) string { return c.scalar(r, want, got, true) })
}

// decide asks every rule why it is broken, and combines what they say.
func (c *checker) decide(at contract.Place, rules *pact.RuleList, want, got any, why func(*pact.Rule) string) {
	var broken []string
	for i := range rules.Rules {
		if text := why(&rules.Rules[i]); text != "" {
			broken = append(broken, text)
		}
	}
	if len(broken) == 0 || rules.Any && len(broken) < len(rules.Rules) {
		return
	}
	for _, text := range broken {
		c.add(at, want, got, "%s", text)
	}
}

// query compares parameters: their order does not matter, that of the values of one
// does. No more may be there.
func (c *checker) query(want, got map[string][]string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if values, ok := got[name]; ok {
			c.parameter(name, want[name], values)
		} else {
			c.add(contract.At("query", name), strings.Join(want[name], ", "), nil, "the parameter is missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			c.add(contract.At("query", name), nil, strings.Join(got[name], ", "), "the parameter is not expected")
		}
	}
}

func (c *checker) parameter(name string, want, got []string) {
	at := contract.At("query", name)
	shared, ruled := c.rulesFor(pact.InQuery, name)
	for i := range shared.Rules {
		if why := sizeFits(&shared.Rules[i], len(got)); why != "" {
			c.add(at, strings.Join(want, ", "), strings.Join(got, ", "), "%s", why)
		}
	}
	if len(want) != len(got) && (len(want) == 0 || !slices.ContainsFunc(shared.Rules, byExample)) {
		c.add(at, strings.Join(want, ", "), strings.Join(got, ", "), "%d values are expected, there %s", len(want), isCount(len(got)))
		return
	}
	for i, g := range got {
		w := want[min(i, len(want)-1)]
		rules, own := c.rules[pact.InQuery][fmt.Sprintf("%s[%d]", name, i)]
		switch {
		case own:
			c.text(at, &rules, w, g)
		case ruled:
			c.text(at, &shared, w, g)
		case w != g:
			c.add(at, w, g, "another value is expected")
		}
	}
}
