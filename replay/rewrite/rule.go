package rewrite

import (
	"twinspect.dev/capture"
	"twinspect.dev/capture/jsonquery"
)

// The places that a rule changes; they are its key in the file.
const (
	inSetHeader    = "set-header"
	inRemoveHeader = "remove-header"
	inHeader       = "header"
	inHost         = "host"
	inPath         = "path"
	inQuery        = "query"
	inBody         = "body"
	inForm         = "form"
)

// rule is one entry of the section rewrite.
type rule struct {
	scope
	line   int
	place  string
	name   string // of the field, the pair; the text of the query of a body
	query  *jsonquery.Query
	alter  alter
	secret bool // the value is from the environment
	reason string
	counter
}

// what describes the rule without its values, which may be secret.
func (r *rule) what() string {
	switch r.place {
	case inSetHeader, inRemoveHeader:
		return r.place + " " + r.name
	case inHost, inPath:
		return r.alter.String() + " " + r.place
	}
	return r.alter.String() + " " + r.place + " " + r.name
}

// run applies a rule that is not for a JSON body.
func (r *rule) run(d *draft) capture.Reason {
	switch r.place {
	case inSetHeader:
		return d.setHeader(r.name, *r.alter.set)
	case inRemoveHeader:
		return d.removeHeader(r.name)
	case inHeader:
		return d.replaceHeader(r.name, &r.alter)
	case inHost:
		return d.setHost(&r.alter)
	case inForm:
		return d.form(r.name, &r.alter)
	}
	var target string
	var left capture.Reason
	if r.place == inPath {
		target, left = editPath(d.req.Target, &r.alter)
	} else {
		target, left = editQuery(d.req.Target, r.name, &r.alter)
	}
	d.req.Target = target
	return left
}

// runAll applies the rules that are for the recorded request to the draft, those
// for a JSON body together and last.
func runAll(rules []*rule, recorded *capture.Request, d *draft, where func(line int) string) {
	var bodies []*rule
	for _, r := range rules {
		if !matchesRequest(&r.scope, recorded) {
			continue
		}
		if r.place == inBody {
			bodies = append(bodies, r)
			continue
		}
		r.add(r.run(d))
		if r.secret {
			d.secrets = append(d.secrets, secret{r.name, *r.alter.set, "[set by " + where(r.line) + "]"})
		}
	}
	if len(bodies) > 0 {
		runBodies(bodies, d)
	}
}

func runBodies(rules []*rule, d *draft) {
	edits := make([]jsonEdit, len(rules))
	for i, r := range rules {
		edits[i] = jsonEdit{query: r.query, alter: &r.alter}
	}
	if body, left := d.body(); left != "" {
		settleAll(edits, left)
	} else if out := editJSON(body, edits); out != nil {
		d.setBody(out)
	}
	for i, r := range rules {
		r.add(edits[i].left)
	}
}
