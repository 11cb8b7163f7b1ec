package cases

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

// maxRecorded is how many recorded requests of an operation become cases: those
// that differ are soon the same in kind.
const maxRecorded = 20

// positives collects the requests that keep to the document.
func (c *collector) positives() {
	if c.sound {
		c.sift()
		c.whole()
		c.examples()
	}
	c.recorded()
	if !c.sound {
		return
	}
	for _, t := range c.params {
		c.levels(t)
	}
	for i, t := range c.bodies {
		c.body(t, i)
	}
	c.pairs()
}

// whole collects the requests that are about all parts.
func (c *collector) whole() {
	c.add(draft{
		kind: contract.Positive, rule: contract.RuleOrdinary, source: contract.FromSchema, name: "ordinary",
		why: "An ordinary request, every part in the middle of what is allowed, is accepted.", request: c.ordinary,
	})
	least, most := c.ordinary, c.ordinary
	for _, t := range c.params {
		if len(t.valid) > 0 {
			most = with(most, t.place, t.valid[0].Data)
		}
	}
	if len(c.bodies) > 0 {
		t := c.bodies[0]
		least, most = extreme(least, t, contract.RuleMinimal), extreme(most, t, contract.RuleMaximal)
		if !t.required {
			least = without(least, "body")
		}
	}
	c.add(draft{
		kind: contract.Positive, rule: contract.RuleMinimal, source: contract.FromSchema, name: "minimal",
		why: "A request without anything that is optional is accepted.", request: least,
	})
	c.add(draft{
		kind: contract.Positive, rule: contract.RuleMaximal, source: contract.FromSchema, name: "maximal",
		why: "A request with everything that is optional is accepted.", request: most,
	})
}

// extreme returns the request with the value of the body that a rule made; where
// there is none, with the ordinary one.
func extreme(r contract.Request, t *part, rule contract.Rule) contract.Request {
	for _, v := range t.valid {
		if v.Rule == rule && v.At == "" {
			return withBody(r, t.media, v.Data)
		}
	}
	if len(t.valid) > 0 {
		return withBody(r, t.media, t.valid[0].Data)
	}
	return r
}

// set returns the request with a value for a part.
func (t *part) set(r contract.Request, v any) contract.Request {
	if t.place == "body" {
		return withBody(r, t.media, v)
	}
	return with(r, t.place, v)
}

// examples collects what the document shows: each example with the rest ordinary,
// and the first of all parts together.
func (c *collector) examples() {
	together, parts := c.ordinary, 0
	for _, t := range slices.Concat(c.params, c.bodies) {
		first := true
		for _, e := range t.examples {
			if t.schema != nil {
				if broken := t.schema.Validate(e.Value); len(broken) > 0 {
					c.gap(t.place, contract.RuleExample, fmt.Sprintf("the document's example%s breaks its own schema: %s", quoted(e.Name), broken[0].Message))
					continue
				}
			}
			if first && (t.place != "body" || t == c.bodies[0]) {
				together, first = t.set(together, e.Value), false
				parts++
			}
			c.add(draft{
				kind: contract.Positive, rule: contract.RuleExample, at: t.place, source: contract.FromExample,
				name: join(string(t.place), "example", e.Name), rank: rankWhole, request: t.set(c.ordinary, e.Value),
				why: fmt.Sprintf("The document shows this as an example of %s.", t.title()),
			})
		}
	}
	if parts > 1 {
		c.add(draft{
			kind: contract.Positive, rule: contract.RuleExample, source: contract.FromExample, name: "examples",
			request: together, why: "The examples that the document shows of several parts are accepted together.",
		})
	}
}

// quoted returns a name after a blank, "" for none.
func quoted(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" %q", name)
}

// prefix is what the names of a part's cases begin with: the body in another media
// type than the ordinary one has that in it.
func (c *collector) prefix(t *part) string {
	if len(c.bodies) > 0 && t.place == "body" && t != c.bodies[0] {
		return "body " + t.media
	}
	return string(t.place)
}

// subject names what stands at a pointer into a part.
func (c *collector) subject(t *part, at string) string {
	text := strings.TrimSuffix(string(t.place)+" "+at, " ")
	if c.prefix(t) != string(t.place) {
		text += " as " + t.media
	}
	return text
}

// alike reports whether two schemas are one.
func alike(a, b *schema.Schema) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Place == b.Place && a.Direction == b.Direction
}

// title names the part in a sentence.
func (t *part) title() string {
	if t.place == "body" {
		return "the body as " + t.media
	}
	return "the parameter " + string(t.place)
}

// recorded collects the requests of recorded traffic that keep to the document.
func (c *collector) recorded() {
	if c.g.Recorded == nil {
		return
	}
	all := c.g.Recorded(c.op.Name)
	for i, r := range all[:min(len(all), maxRecorded)] {
		if broken := c.g.Conformer.Request(c.op, &r); len(broken) > 0 {
			c.gap(broken[0].At, contract.RuleRecorded, "a recorded request does not keep to the document: "+broken[0].Message)
			continue
		}
		c.add(draft{
			kind: contract.Positive, rule: contract.RuleRecorded, source: contract.FromRecorded, request: r,
			name: fmt.Sprintf("recorded-%d", i+1), why: "Recorded traffic had this request.",
		})
	}
	if n := len(all) - maxRecorded; n > 0 {
		c.gap("", contract.RuleRecorded, fmt.Sprintf("%d further recorded requests are left out, %d are enough", n, maxRecorded))
	}
}

// levels collects each value of a parameter with the rest ordinary.
func (c *collector) levels(t *part) {
	for i, v := range t.valid {
		if i == 0 && (t.required || t.supplied) { // the ordinary request has it
			continue
		}
		c.value(t, v, &t.answers[i])
	}
}

// value collects one value of a part with the rest ordinary, and what the document
// says of that where it is known.
func (c *collector) value(t *part, v values.Value, a *answer) {
	r := rule(v, contract.RuleOrdinary)
	c.add(draft{
		kind: contract.Positive, rule: r, at: inside(t.place, v.At), source: v.Source, rank: rankRest,
		name: join(c.prefix(t), v.At, string(r)), request: t.set(c.ordinary, v.Data), answer: a,
		why: fmt.Sprintf("%s is accepted: %s.", c.subject(t, v.At), v.Why),
	})
}

// body collects the values of the body in one media type. One with the schema of
// an earlier media type is sent with its ordinary value alone.
func (c *collector) body(t *part, i int) {
	if len(t.valid) == 0 {
		return
	}
	if i > 0 || c.ordinary.Body == nil {
		c.add(draft{
			kind: contract.Positive, rule: contract.RuleMediaType, at: "body", source: t.valid[0].Source,
			name: join("body", t.media), request: t.set(c.ordinary, t.valid[0].Data),
			why: fmt.Sprintf("The body as %s is accepted.", t.media),
		})
	}
	if c.like(i) {
		return
	}
	for _, v := range t.valid[1:] {
		c.value(t, v, nil)
	}
}

// like reports whether a body has the schema of an earlier one.
func (c *collector) like(i int) bool {
	return slices.ContainsFunc(c.bodies[:i], func(t *part) bool { return alike(t.schema, c.bodies[i].schema) })
}
