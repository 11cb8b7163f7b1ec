package redact

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"

	"twinspect.dev/capture"
	"twinspect.dev/capture/jsonquery"
)

// view is what the rules say of one exchange: those for all, and those whose
// scope it is in.
type view struct {
	names  [places]names
	paths  []*jsonquery.Query // secret first, then kept
	secret int                // how many of them are secret
	fields map[protoreflect.FullName]verdict
}

func newView(rules Rules, types *messages) (*view, error) {
	v := new(view)
	var err error
	if v.paths, err = patternsOf("json", rules.JSON); err != nil {
		return nil, err
	}
	v.secret = len(v.paths)
	keep, err := patternsOf("keep.json", rules.Keep.JSON)
	if err != nil {
		return nil, err
	}
	v.paths = append(v.paths, keep...)
	v.names = namesOf(rules)
	v.fields, err = types.fieldsOf(rules.GRPC, rules.Keep.GRPC)
	return v, err
}

// maxScoped bounds the rules with a scope: more than the operations of a large
// service.
const maxScoped = 256

// subset says of each rule with a scope whether it holds.
type subset [maxScoped / 64]uint64

// maxViews bounds the views that are remembered. One operation has one; an
// exchange is seldom in the scope of more than a few rules.
const maxViews = 64

// views are made when the first exchange asks for them. They are safe for
// concurrent use.
type views struct {
	rules  Rules
	types  *messages
	scopes []scope
	all    *view // of the rules for all

	mu   sync.Mutex // guards made
	made map[subset]*view
}

func newViews(rules Rules, types *messages) (*views, error) {
	if len(rules.Rules) > maxScoped {
		return nil, fmt.Errorf("rules: %d are more than %d", len(rules.Rules), maxScoped)
	}
	v := &views{rules: rules, types: types, made: make(map[subset]*view)}
	for i, r := range rules.Rules {
		s, err := newScope(r)
		if err == nil {
			_, err = newView(Rules{}.with(r), types)
		}
		if err != nil {
			return nil, fmt.Errorf("rules[%d]: %w", i, err)
		}
		v.scopes = append(v.scopes, s)
	}
	var err error
	v.all, err = newView(rules, types)
	return v, err
}

// of returns the view for an exchange. buf is for its operation, and is
// returned to be used again.
func (v *views) of(e *capture.Exchange, buf []byte) (*view, []byte) {
	if len(v.scopes) == 0 {
		return v.all, buf
	}
	buf = appendOperation(buf[:0], e.Request.Method, e.Request.Target)
	var in subset
	for i := range v.scopes {
		if v.scopes[i].holds(e.Context.Service, buf) {
			in[i/64] |= 1 << (i % 64)
		}
	}
	if in == (subset{}) {
		return v.all, buf
	}
	return v.join(in), buf
}

func (v *views) join(in subset) *view {
	v.mu.Lock()
	defer v.mu.Unlock()
	if made := v.made[in]; made != nil {
		return made
	}
	rules := v.rules
	for i, r := range v.rules.Rules {
		if in[i/64]&(1<<(i%64)) != 0 {
			rules = rules.with(r)
		}
	}
	made, err := newView(rules, v.types)
	if err != nil { // every rule was compiled before, alone
		panic(err)
	}
	if len(v.made) >= maxViews {
		clear(v.made)
	}
	v.made[in] = made
	return made
}

// with returns the rules of r added to those for all.
func (rules Rules) with(r Rule) Rules {
	rules.Names = rules.and(r.Names)
	rules.Keep = rules.Keep.and(r.Keep)
	return rules
}
