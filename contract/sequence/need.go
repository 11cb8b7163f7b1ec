package sequence

import (
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// need is a place in an operation's request that names a thing which must be
// there.
type need struct {
	into contract.Place
	// name is the parameter's or field's own, words are its words.
	name  string
	words []string
	// nouns are phrases for the thing, the likeliest first; suffix is what names
	// its identity, "" where the name does not say.
	nouns  []string
	suffix string
	typ    string
	schema *shape
	// segment is the index of a path parameter in the path, else -1.
	segment  int
	required bool
	// spare says that the document tells that it may be absent: nothing is made for
	// it alone. Of an object that requires nothing at all, no field is, as such
	// documents rarely say what is required.
	spare bool
	// beside says that what is asked has an identity of its own, and tells this one
	// under its name alone.
	beside bool
	// etag says that it is the condition of a request, and no identity.
	etag bool
}

// needs are those of an operation; which of them anything can be found for is
// not yet told.
func (b *builder) needs(op *openapi.Operation) []need {
	var out []need
	segs := segments(op.Path)
	for _, p := range op.Parameters {
		sh := b.shapes.of(p.Schema)
		if sh.fixed || sh.typ == "boolean" {
			continue
		}
		n := newNeed(contract.At(p.In, p.Name), p.Name, sh)
		n.required, n.spare = p.Required, !p.Required
		switch {
		case p.In == "path":
			n.required, n.spare, n.segment = true, false, position(segs, p.Name)
			n.takeNouns(segmentNouns(segs, n.segment))
		case p.In == "header" && strings.EqualFold(p.Name, "If-Match"):
			n.etag = true
		case !n.refers():
			continue
		}
		if p.Required || p.In == "path" || has(b.requests[op.Name], n.into) {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, deepestFirst)
	out = append(out, b.bodyNeeds(op)...)
	slices.SortStableFunc(out, func(a, b need) int { return last(a) - last(b) })
	return out
}

// last puts what may be absent after the rest, for it to take what is there.
func last(n need) int {
	if n.spare {
		return 1
	}
	return 0
}

// deepestFirst puts the parameter at the end of a path before those that it is
// nested in, as what gives it often gives them too.
func deepestFirst(a, b need) int { return b.segment - a.segment }

func newNeed(into contract.Place, name string, sh *shape) need {
	n := need{into: into, name: name, words: words(name), typ: sh.typ, schema: sh, segment: -1}
	noun, suffix := splitSuffix(n.words)
	n.suffix = suffix
	n.nouns = suffixPhrases(noun)
	if other, s := splitSuffix(sh.noun()); s != "" {
		n.nouns = append(n.nouns, suffixPhrases(other)...)
	}
	return n
}

// refers reports whether a name outside of the path says that it holds the
// identity of another thing.
func (n *need) refers() bool {
	end := ""
	if len(n.words) > 0 {
		end = n.words[len(n.words)-1]
	}
	named := words(n.schema.named())
	byName := slices.Contains(references, end) && len(n.words) > 1
	bySchema := len(named) > 1 && slices.Contains(references, named[len(named)-1])
	return byName || bySchema
}

// suffixPhrases are the nouns that words may end in, the longest first: of from,
// account both "from account" and "account".
func suffixPhrases(ws []string) []string {
	var out []string
	for i := range ws {
		out = append(out, phrases(ws[i:])...)
	}
	return out
}

// takeNouns adds what the path says of a parameter whose own name says nothing
// else: {id} and {lineId} under lines are of a line, {owner} under repos is not of
// a repository.
func (n *need) takeNouns(nouns []string) {
	noun, _ := splitSuffix(n.words)
	says := len(noun) > 0 && !slices.Contains(identities, strings.Join(noun, " "))
	agrees := slices.ContainsFunc(nouns, func(s string) bool { return slices.Contains(n.nouns, s) })
	if !says || agrees {
		n.nouns = append(n.nouns, nouns...)
	}
}

// segmentNouns are the nouns that the segment before a parameter says.
func segmentNouns(segs []string, i int) []string {
	if i < 1 || strings.Contains(segs[i-1], "{") {
		return nil
	}
	return suffixPhrases(words(segs[i-1]))
}

// bodyNeeds are the fields of an ordinary body that name other things, and of an
// update without an identity in its path, the thing itself.
func (b *builder) bodyNeeds(op *openapi.Operation) []need {
	request := b.requests[op.Name]
	if request.Body == nil || op.Body == nil {
		return nil
	}
	media := mediaOf(op.Body.Media, request.Body.MediaType)
	if media == nil {
		return nil
	}
	var out []need
	leaves(request.Body.Value, "", 0, func(pointer string, _ any) {
		if n, ok := b.bodyNeed(op, media.Schema, pointer); ok {
			out = append(out, n)
		}
	})
	return out
}

func (b *builder) bodyNeed(op *openapi.Operation, schema openapi.Place, pointer string) (need, bool) {
	path := tokens(pointer)
	name, sh, required, spare := b.shapes.along(schema, path)
	if name == "" || sh.fixed || sh.readOnly || sh.typ == "boolean" {
		return need{}, false
	}
	n := newNeed(contract.At("body", pointer), name, sh)
	n.required, n.spare = required, spare
	if n.refers() {
		return n, true
	}
	// The identity of the thing itself: PUT /pet with an id in its body.
	own := (op.Method == http.MethodPut || op.Method == http.MethodPatch) && len(path) == 1
	if !own || !slices.Contains(references, name) {
		return need{}, false
	}
	segs := segments(op.Path)
	if len(segs) == 0 {
		return need{}, false
	}
	of := segs[len(segs)-1]
	if _, ok := parameterOf(of); ok && len(segs) > 1 {
		n.segment = len(segs) - 1
		of = segs[len(segs)-2]
	} else {
		n.segment = len(segs)
	}
	n.nouns, n.spare = suffixPhrases(words(of)), false
	return n, true
}

// along follows a pointer through schemas: the name of the last field on the way,
// what is at its end, whether all of the way is required, and whether some of it
// is said to be optional.
func (s *shapes) along(p openapi.Place, path []string) (name string, sh *shape, required, spare bool) {
	required = true
	sh = s.of(p)
	for _, token := range path {
		if i := slices.IndexFunc(sh.fields, func(f field) bool { return f.name == token }); i >= 0 {
			f := sh.fields[i]
			name, required, spare = f.name, required && f.required, spare || !f.required && sh.requires()
			sh = s.of(f.schema)
			continue
		}
		if sh.items == "" {
			return "", &shape{}, false, true
		}
		sh = s.of(sh.items)
	}
	return name, sh, required, spare
}

// requires reports whether any field is required.
func (sh *shape) requires() bool {
	return slices.ContainsFunc(sh.fields, func(f field) bool { return f.required })
}

// mediaOf returns the media of a type, else the first.
func mediaOf(media []*openapi.Media, typ string) *openapi.Media {
	for _, m := range media {
		if m.Type == typ {
			return m
		}
	}
	if len(media) > 0 {
		return media[0]
	}
	return nil
}
