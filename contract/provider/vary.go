package provider

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

// ordinaryBody returns the ordinary request of an operation with the schema of its
// body, nil where it has none that is an object.
func (s *Suite) ordinaryBody(op *openapi.Operation) (contract.Request, *schema.Schema, bool) {
	r, ok := s.ordinary(op)
	if !ok || r.Body == nil || r.Body.Raw != nil || op.Body == nil {
		return r, nil, ok
	}
	media := message.Best(op.Body.Media, r.Body.MediaType)
	if _, object := r.Body.Value.(map[string]any); !object || media == nil || media.Schema == "" {
		return r, nil, true
	}
	compiled, err := s.Schemas.Schema(media.Schema, schema.Request)
	if err != nil {
		return r, nil, true
	}
	return r, compiled, true
}

func withBody(r contract.Request, v any) contract.Request {
	body := *r.Body
	body.Value = v
	r.Body = &body
	return r
}

// vary returns a request whose body has other values than another's wherever it
// may, and every member that it may.
func (s *Suite) vary(op *openapi.Operation, not contract.Request) (contract.Request, bool) {
	r, compiled, ok := s.ordinaryBody(op)
	if compiled == nil || not.Body == nil {
		return r, ok
	}
	levels := map[string]values.Value{}
	best := r.Body.Value
	for _, d := range s.values.Dimensions(compiled) {
		before, _ := pointer.Get(not.Body.Value, d.At)
		i := slices.IndexFunc(d.Levels, func(v values.Value) bool {
			return !v.Absent && v.Data != nil && !reflect.DeepEqual(v.Data, before)
		})
		if i < 0 {
			continue
		}
		// One field at a time: where they do not go together, the others are kept.
		levels[d.At] = d.Levels[i]
		if v, valid := s.values.Compose(compiled, levels); valid {
			best = v
		} else {
			delete(levels, d.At)
		}
	}
	return withBody(r, best), true
}

// maxVariants is how many requests of a creation are followed by a read: one for
// each way in which a thing is usually kept wrongly (long, empty, foreign letters,
// each branch of a union) and some more.
const maxVariants = 16

// variants returns requests of an operation with bodies unlike each other, the
// fullest first.
func (s *Suite) variants(op *openapi.Operation) []contract.Request {
	r, compiled, ok := s.ordinaryBody(op)
	if compiled == nil || !ok {
		return nil
	}
	valid, _ := s.values.Valid(compiled)
	var out []contract.Request
	take := func(rule contract.Rule) {
		for _, v := range valid {
			if v.Rule == rule && len(out) < maxVariants && !slices.ContainsFunc(out, func(o contract.Request) bool { return reflect.DeepEqual(o.Body.Value, v.Data) }) {
				out = append(out, withBody(r, v.Data))
			}
		}
	}
	take(contract.RuleMaximal)
	if len(out) == 0 {
		out = append(out, r)
	}
	for _, rule := range []contract.Rule{"maxLength", contract.RuleBranch, contract.RuleMinimal, "maximum", "minLength", contract.RuleUnicode, "maxItems"} {
		take(rule)
	}
	return out
}

// narrow returns the request with one member of its body, or as few as are valid.
func (s *Suite) narrow(op *openapi.Operation, r contract.Request) (contract.Request, bool) {
	_, compiled, ok := s.ordinaryBody(op)
	if compiled == nil || !ok || r.Body == nil {
		return r, false
	}
	body, object := r.Body.Value.(map[string]any)
	if !object || len(body) < 2 {
		return r, false
	}
	left := maps.Clone(body)
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if len(left) == 1 {
			break
		}
		v := left[name]
		delete(left, name)
		if !compiled.Valid(any(left)) {
			left[name] = v
		}
	}
	return withBody(r, left), len(left) < len(body)
}

// fresh gives the parameters of a path other values for each salt.
func (s *Suite) fresh(op *openapi.Operation, r contract.Request, salt string) contract.Request {
	h := fnv.New64a()
	_, _ = h.Write([]byte(salt))
	rng := rand.New(rand.NewPCG(s.options.Seed, h.Sum64()))
	r.Path = maps.Clone(r.Path)
	for _, p := range op.Parameters {
		if _, sent := r.Path[p.Name]; !sent || p.In != "path" || p.Schema == "" {
			continue
		}
		compiled, err := s.Schemas.Schema(p.Schema, schema.Request)
		if err != nil {
			continue
		}
		r.Path[p.Name] = s.freshValue(op, r, p.Name, compiled, rng)
	}
	return r
}

// freshDraws is how many values are drawn for a parameter of a path: of a pattern
// with a hundred texts, so many find one that is not taken until most are. The
// longest of the first eight that are not is used: it is the least likely to be
// another's.
const freshDraws, freshChoice = 64, 8

// freshValue returns a value that no other case names a thing by.
func (s *Suite) freshValue(op *openapi.Operation, r contract.Request, name string, of *schema.Schema, rng *rand.Rand) any {
	taken := s.takenOf(of)
	best := r.Path[name]
	r.Path = maps.Clone(r.Path)
	longest, free := 0, 0
	for range freshDraws {
		v, ok := s.values.Random(of, rng)
		text := fmt.Sprint(v)
		if !ok || taken[text] || len(text) > maxFresh {
			continue
		}
		r.Path[name] = v
		if _, err := s.Codec.Encode(op, &r); err != nil {
			continue
		}
		if len(text) > longest {
			best, longest = v, len(text)
		}
		if free++; free == freshChoice {
			break
		}
	}
	taken[fmt.Sprint(best)] = true
	return best
}

// takenOf returns the values that are not free: those of the cases of one request,
// and those that were given out. The planner asks from one goroutine at a time.
func (s *Suite) takenOf(of *schema.Schema) map[string]bool {
	taken := s.taken[string(of.Place)]
	if taken == nil {
		taken = map[string]bool{}
		valid, _ := s.values.Valid(of)
		for _, v := range valid {
			taken[fmt.Sprint(v.Data)] = true
		}
		s.taken[string(of.Place)] = taken
	}
	return taken
}

// maxFresh is longer than any identifier that is in use, and short enough to read.
const maxFresh = 64
