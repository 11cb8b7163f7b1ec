package rules

import (
	"bytes"
	"encoding/json"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
)

// Item is one difference to decide on.
type Item struct {
	Part diff.Part
	// Name is the name of the header or trailer field, in any case.
	Name string
	// Path leads to the value in a JSON body, as jsondiff.Change has it.
	Path jsondiff.Path
	Kind diff.Kind
	// Base and Other are the values: JSON texts in a JSON body, plain text
	// elsewhere.
	Base, Other []byte
}

// Decision is what the rules say of a difference.
type Decision uint8

// The decisions.
const (
	// Keep: no rule explains the difference.
	Keep Decision = iota
	// Hide: a rule explains it.
	Hide
	// Broken: a rule says which class the value must have, and it left it.
	Broken
)

// String returns the name of the decision.
func (d Decision) String() string {
	switch d {
	case Hide:
		return "hide"
	case Broken:
		return "broken"
	}
	return "keep"
}

// Scope is the rules that apply to the answers of one operation and status. A
// nil Scope keeps every difference.
type Scope struct {
	set   *Set
	rules []*rule
	hid   []RuleCounts // by rule, in this scope alone
	docs  documents
	path  jsondiff.Path // kept from one call of Rename to the next
}

type scopeKey struct {
	operation string
	status    int
}

// maxScopes bounds the cache of scopes: a few statuses for each of a thousand
// operations. What comes beyond is made anew each time.
const maxScopes = 4096

// Scope returns the rules for an operation and the status that base answered.
// It is nil where none applies.
func (s *Set) Scope(operation string, status int) *Scope {
	if s == nil {
		return nil
	}
	key := scopeKey{operation, status}
	if scope, ok := s.scopes[key]; ok {
		return scope
	}
	var scope *Scope
	for _, r := range s.rules {
		if r.expired || !r.scope.matches(operation, status) {
			continue
		}
		if scope == nil {
			scope = &Scope{set: s}
		}
		scope.rules = append(scope.rules, r)
	}
	if scope != nil {
		scope.hid = make([]RuleCounts, len(scope.rules))
	}
	if len(s.scopes) < maxScopes {
		s.scopes[key] = scope
	}
	return scope
}

// Documents gives the two JSON bodies that the next calls are about, to the
// rules whose path depends on values: those with filters and those that count
// from an array's end. They are decoded only when such a rule is asked, and
// must not change before the next call of Documents. Without them, and in a
// body that is not JSON, these rules match nothing.
func (s *Scope) Documents(base, other []byte) {
	if s != nil {
		s.docs = documents{base: document{text: base}, other: document{text: other}}
	}
}

// Array returns how the elements of the array at path are matched: the first
// key of the rules for it, and unordered if any of them says so.
func (s *Scope) Array(path jsondiff.Path) jsondiff.ArrayRule {
	var result jsondiff.ArrayRule
	if s == nil {
		return result
	}
	it := Item{Part: diff.Body, Path: path, Kind: diff.Reordered}
	for i, r := range s.rules {
		if r.action.array == nil || !r.place.covers(&it, &s.docs, false) {
			continue
		}
		r.Matched++
		s.hides(i)
		result.Unordered = result.Unordered || r.action.array.Unordered
		if result.Key == nil {
			result.Key = r.action.array.Key
		}
	}
	return result
}

// Renames reports whether any rule has another name for a member.
func (s *Scope) Renames() bool {
	return s != nil && slices.ContainsFunc(s.rules, func(r *rule) bool { return r.action.rename != "" })
}

// Rename returns the name that branch has for the member of base's object at
// path that is called name, and whether a rule says so: the first one does.
// Control is base asked again and keeps base's names.
func (s *Scope) Rename(path jsondiff.Path, name string) (string, bool) {
	if s == nil || s.set.pair == baseAndControl {
		return "", false
	}
	s.path = append(append(s.path[:0], path...), jsondiff.Step{Name: name, Index: -1})
	it := Item{Part: diff.Body, Path: s.path, Kind: diff.Changed}
	for i, r := range s.rules {
		if r.action.rename != "" && r.place.covers(&it, &s.docs, false) {
			r.Matched++
			s.hides(i)
			return r.action.rename, true
		}
	}
	return "", false
}

// Decide returns what the first rule says that settles the difference. Every
// rule that was asked on the way counts it as met.
func (s *Scope) Decide(it Item) Decision {
	if s == nil {
		return Keep
	}
	for i, r := range s.rules {
		if r.action.aligns() || !r.place.covers(&it, &s.docs, r.action.ignore) {
			continue
		}
		r.Matched++
		d := r.action.decide(&it)
		if d == Keep {
			continue
		}
		if d == Hide {
			s.hides(i)
		}
		s.robs(i, &it)
		return d
	}
	return Keep
}

// hides counts what the rule hid.
func (s *Scope) hides(i int) {
	switch s.set.pair {
	case baseAndBranch:
		s.rules[i].Branch++
		s.hid[i].Branch++
	case baseAndControl:
		s.rules[i].Control++
		s.hid[i].Control++
	}
}

// robs counts, where the Set watches, the later rules that would have been asked
// had the rule not settled the difference.
func (s *Scope) robs(settler int, it *Item) {
	if !s.set.watching {
		return
	}
	for _, r := range s.rules[settler+1:] {
		if !r.action.aligns() && r.place.covers(it, &s.docs, r.action.ignore) {
			r.robbed++
			r.robber = s.rules[settler]
		}
	}
}

// documents are the two bodies of a comparison.
type documents struct{ base, other document }

// document is a JSON text that is decoded at its first use.
type document struct {
	text    []byte
	decoded bool
	root    any // nil before, and where text is not JSON
}

// of returns the document that the indexes of a change of that kind refer to,
// or nil where the pattern can do without.
func (d *documents) of(kind diff.Kind, p *pattern) any {
	if !p.located() {
		return nil
	}
	if kind == diff.Added {
		return d.other.decode()
	}
	return d.base.decode()
}

func (d *document) decode() any {
	if !d.decoded && d.text != nil {
		d.decoded = true
		decoder := json.NewDecoder(bytes.NewReader(d.text))
		decoder.UseNumber()
		if decoder.Decode(&d.root) != nil {
			d.root = nil
		}
	}
	return d.root
}
