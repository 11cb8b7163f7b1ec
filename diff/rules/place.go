package rules

import (
	"strconv"
	"strings"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
)

// place is where in an answer a rule applies.
type place struct {
	part    diff.Part
	name    string   // pattern of a header's or trailer's name; "" for all
	pattern *pattern // into a JSON body; nil for all
}

func (p place) String() string {
	switch {
	case p.pattern != nil:
		return p.pattern.text
	case p.name != "":
		return string(p.part) + " " + p.name
	}
	return string(p.part)
}

// covers reports whether the item lies at the place or, with below, under it.
func (p place) covers(it *Item, docs *documents, below bool) bool {
	if it.Part != p.part {
		return false
	}
	if p.pattern != nil {
		return p.pattern.match(it.Path, docs.of(it.Kind, p.pattern), below)
	}
	return p.name == "" || rulefile.Glob(p.name, strings.ToLower(it.Name))
}

// filter is the answers to which a rule applies; the zero value is all.
type filter struct {
	operations []string // exact, or with *
	statuses   []statusRange
}

type statusRange struct{ from, to int }

func (r statusRange) String() string {
	if r.from == r.to {
		return strconv.Itoa(r.from)
	}
	return strconv.Itoa(r.from/100) + "xx"
}

func (f filter) String() string {
	var b strings.Builder
	if len(f.operations) > 0 {
		b.WriteString(" in " + strings.Join(f.operations, ", "))
	}
	for i, r := range f.statuses {
		if i == 0 {
			b.WriteString(" for status ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(r.String())
	}
	return b.String()
}

func (f filter) matches(operation string, status int) bool {
	return f.hasOperation(operation) && f.hasStatus(status)
}

func (f filter) hasOperation(operation string) bool {
	for _, o := range f.operations {
		if rulefile.Glob(o, operation) {
			return true
		}
	}
	return len(f.operations) == 0
}

func (f filter) hasStatus(status int) bool {
	for _, r := range f.statuses {
		if r.from <= status && status <= r.to {
			return true
		}
	}
	return len(f.statuses) == 0
}
