package sequence

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// class ranks the ways to come by what is needed; the lesser is the surer.
type class uint8

const (
	told        class = iota // by a link of the document, or seen in traffic
	create                   // what the collection is created in
	first                    // the first of the collection's list
	namedCreate              // what creates a thing of the same noun elsewhere
	namedFirst               // the first of a list of the noun elsewhere
	put                      // a PUT that does not say that it creates
	classes
)

// candidate is an operation that may give what is needed.
type candidate struct {
	producer *openapi.Operation
	from     contract.Place
	class    class
	source   contract.Source
}

// maxNamed bounds the candidates that only share a noun: whoever is not right
// among so few is right by chance.
const maxNamed = 8

// index finds operations by their paths.
type index struct {
	posts, gets, puts map[string][]*openapi.Operation // by the shape of the path
	postNouns         map[string][]*openapi.Operation
	listNouns         map[string][]*openapi.Operation
}

func (b *builder) newIndex() *index {
	x := &index{
		posts: make(map[string][]*openapi.Operation), gets: make(map[string][]*openapi.Operation),
		puts: make(map[string][]*openapi.Operation), postNouns: make(map[string][]*openapi.Operation),
		listNouns: make(map[string][]*openapi.Operation),
	}
	for _, op := range b.ops {
		segs := collectionOf(op.Method, segments(op.Path))
		key := shapeOf(segs)
		switch op.Method {
		case http.MethodPost:
			x.posts[key] = append(x.posts[key], op)
			addNouns(x.postNouns, segs, op)
		case http.MethodPut:
			x.puts[key] = append(x.puts[key], op)
		case http.MethodGet:
			x.gets[key] = append(x.gets[key], op)
			if _, _, ok := b.shapes.list(op); ok {
				addNouns(x.listNouns, segs, op)
			}
		}
	}
	return x
}

// addNouns files an operation under what its collection is called: lines, and as
// it is nested in orders, order lines.
func addNouns(to map[string][]*openapi.Operation, segs []string, op *openapi.Operation) {
	if len(segs) == 0 || strings.Contains(segs[len(segs)-1], "{") {
		return
	}
	last := words(segs[len(segs)-1])
	keys := suffixPhrases(last)
	if before := literals(segs); len(before) > 1 {
		for _, form := range phrases(words(before[len(before)-2])) {
			keys = append(keys, phrases(append(strings.Fields(form), last...))...)
		}
	}
	for _, key := range keys {
		if !slices.Contains(to[key], op) {
			to[key] = append(to[key], op)
		}
	}
}

// candidates returns what may give a need of an operation, by rank.
func (b *builder) candidates(op *openapi.Operation, n need) []candidate {
	out := b.told(op, n)
	add := func(ops []*openapi.Operation, c class) {
		for _, producer := range ops {
			from, ok := b.gives(producer, n, c)
			same := func(o candidate) bool { return o.producer == producer }
			if ok && producer != op && !slices.ContainsFunc(out, same) {
				out = append(out, candidate{producer, from, c, contract.FromInferred})
			}
		}
	}
	if n.etag {
		return append(out, b.etags(op)...)
	}
	segs := segments(op.Path)
	for _, before := range collections(segs, n) {
		collection := shapeOf(before)
		add(b.index.posts[collection], create)
		certain, guess := puts(b.index.puts[shapeOf(segs[:min(n.segment+1, len(segs))])])
		add(certain, create)
		add(b.index.gets[collection], first)
		add(guess, put)
	}
	for _, noun := range n.nouns {
		add(few(b.index.postNouns[noun], noun), namedCreate)
		add(few(b.index.listNouns[noun], noun), namedFirst)
	}
	slices.SortStableFunc(out, surer)
	return out
}

// surer orders candidates. Of those that only share a noun, what stands by itself
// goes before what is nested in other things, be it only a list.
func surer(a, b candidate) int {
	rank := func(c candidate) class {
		if c.class == namedFirst {
			return namedCreate
		}
		return c.class
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) != namedCreate {
		return c
	}
	nested := func(c candidate) int { return strings.Count(c.producer.Path, "{") }
	return cmp.Or(nested(a)-nested(b), cmp.Compare(a.class, b.class))
}

// collections are the paths that a parameter chooses from. Of several in a row,
// the one that is called as the collection chooses from it, else the last; the
// others are told beside it.
func collections(segs []string, n need) [][]string {
	i := n.segment
	if i < 0 || i > len(segs) {
		return nil
	}
	start := i
	for start > 0 && strings.Contains(segs[start-1], "{") {
		start--
	}
	last := i+1 >= len(segs) || !strings.Contains(segs[i+1], "{")
	switch called := start > 0 && n.isNoun(words(segs[start-1])); {
	case start == i && (last || called):
		return [][]string{segs[:i]}
	case called:
		return [][]string{segs[:i], segs[:start]}
	case last:
		return [][]string{segs[:i]}
	}
	return nil
}

// few are the operations that a noun means likeliest: collections in the plural
// first, then the shortest paths, as what is nested deep is seldom what a name
// alone means.
func few(ops []*openapi.Operation, noun string) []*openapi.Operation {
	sorted := slices.Clone(ops)
	singularly := func(op *openapi.Operation) int {
		if ws := strings.Fields(noun); len(ws) > 0 && strings.HasSuffix(strings.ToLower(op.Path), ws[len(ws)-1]) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(sorted, func(a, b *openapi.Operation) int {
		return cmp.Or(singularly(a)-singularly(b), strings.Count(a.Path, "{")-strings.Count(b.Path, "{"),
			strings.Count(a.Path, "/")-strings.Count(b.Path, "/"))
	})
	return sorted[:min(len(sorted), maxNamed)]
}

// puts parts those that say that they create from those that may do so: the ones
// that do not say that what they are for may not be there.
func puts(ops []*openapi.Operation) (certain, guess []*openapi.Operation) {
	for _, op := range ops {
		switch {
		case declares(op, "201"):
			certain = append(certain, op)
		case !declares(op, "404", "410"):
			guess = append(guess, op)
		}
	}
	return certain, guess
}

// gives returns where in a producer's exchange the value is that is needed.
func (b *builder) gives(producer *openapi.Operation, n need, c class) (contract.Place, bool) {
	if c == first || c == namedFirst {
		at, items, ok := b.shapes.list(producer)
		if !ok {
			return "", false
		}
		pointer, ok := b.shapes.identity(items, n)
		return beneath(at, "/0"+pointer), ok
	}
	if producer.Method == http.MethodPut {
		return b.chosen(producer, n)
	}
	for _, r := range successes(producer) {
		if m := structured(r.Media); m != nil {
			if pointer, ok := b.shapes.identity(m.Schema, n); ok {
				return contract.At("body", pointer), true
			}
		}
	}
	if from, ok := b.inHeader(producer, n); ok {
		return from, true
	}
	if from, ok := b.inRequest(producer, n); ok {
		return from, true
	}
	// A creation answers with a Location (RFC 9110 section 15.3.2) even where the
	// document does not say so.
	return "header Location", n.segment >= 0 && (c == create || c == told) && declares(producer, "201")
}

// chosen is the identity that the client itself gives a thing: the last parameter
// of its path.
func (b *builder) chosen(producer *openapi.Operation, n need) (contract.Place, bool) {
	segs := segments(producer.Path)
	if len(segs) == 0 || !has(b.requests[producer.Name], contract.At("path", lastParameter(segs))) {
		return "", false
	}
	return contract.At("request path", lastParameter(segs)), n.segment >= 0
}

func lastParameter(segs []string) string {
	name, _ := parameterOf(segs[len(segs)-1])
	return name
}

func (b *builder) inHeader(producer *openapi.Operation, n need) (contract.Place, bool) {
	location := false
	for _, r := range successes(producer) {
		for _, h := range r.Headers {
			ws := words(h.Name)
			if len(ws) > 0 && ws[0] == "x" {
				ws = ws[1:]
			}
			if slices.Equal(ws, n.words) || n.suffix != "" && len(ws) > 1 && n.named(ws) {
				return contract.At("header", h.Name), true
			}
			location = location || strings.EqualFold(h.Name, "Location")
		}
	}
	return "header Location", location && n.segment >= 0
}

// inRequest is the identity that the client itself gives a thing in the body that
// creates it.
func (b *builder) inRequest(producer *openapi.Operation, n need) (contract.Place, bool) {
	if producer.Body == nil {
		return "", false
	}
	m := structured(producer.Body.Media)
	if m == nil {
		return "", false
	}
	sh := b.shapes.of(m.Schema)
	for i := range sh.fields {
		f := &sh.fields[i]
		exact := slices.Equal(f.words, n.words) || n.suffix != "" && n.named(f.words)
		pointer := "/" + escape(f.name)
		if exact && b.shapes.fits(f, n, false) && has(b.requests[producer.Name], contract.At("body", pointer)) {
			return contract.At("request body", pointer), true
		}
	}
	return "", false
}

// etags are the operations that tell the ETag of what an operation changes.
func (b *builder) etags(op *openapi.Operation) []candidate {
	var out []candidate
	for _, get := range b.index.gets[shapeOf(segments(op.Path))] {
		if tag, ok := etagOf(get); ok {
			out = append(out, candidate{get, tag, first, contract.FromInferred})
		}
	}
	return out
}

// etagOf returns where an operation's answer declares an ETag.
func etagOf(op *openapi.Operation) (contract.Place, bool) {
	for _, r := range successes(op) {
		for _, h := range r.Headers {
			if strings.EqualFold(h.Name, "ETag") {
				return contract.At("header", h.Name), true
			}
		}
	}
	return "", false
}
