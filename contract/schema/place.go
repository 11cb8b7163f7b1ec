package schema

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"twinspect.dev/contract/openapi"
)

// spot is a place in the files of a document, taken apart.
type spot struct {
	file string
	ptr  string // JSON pointer, "" for the whole file
}

func (s spot) place() openapi.Place { return openapi.Place(s.file + "#" + s.ptr) }

// child returns the spot below by a key, which is escaped.
func (s spot) child(key string) spot { return spot{s.file, s.ptr + "/" + escape(key)} }

var (
	escaper   = strings.NewReplacer("~", "~0", "/", "~1")
	unescaper = strings.NewReplacer("~1", "/", "~0", "~")
)

func escape(token string) string {
	if !strings.ContainsAny(token, "~/") {
		return token
	}
	return escaper.Replace(token)
}

func unescape(token string) string {
	if !strings.Contains(token, "~") {
		return token
	}
	return unescaper.Replace(token)
}

// maxHops is how many references are followed to find one schema. Documents
// chain two or three; more than this go in a circle.
const maxHops = 64

// find takes a place apart and returns what stands there.
func (s *Set) find(p openapi.Place) (any, spot, error) {
	file, ptr, _ := strings.Cut(string(p), "#")
	if _, ok := s.files[file]; !ok {
		return nil, spot{}, fmt.Errorf("%s: the document has no file %s", p, file)
	}
	return s.lookup(spot{file, ptr}, 0)
}

// lookup returns what stands at a spot. References on the way are followed, and
// the spot is where it really stands.
func (s *Set) lookup(at spot, hops int) (any, spot, error) {
	node, here := s.files[at.file], spot{file: at.file}
	tokens := tokensOf(at.ptr)
	for i, token := range tokens {
		next, ok := step(node, unescape(token))
		if ok {
			node, here = next, spot{here.file, here.ptr + "/" + token}
			continue
		}
		ref, ok := refOf(node)
		if !ok || hops >= maxHops {
			return nil, here, fmt.Errorf("%s: there is no %q", here.place(), unescape(token))
		}
		target, err := s.resolve(here, ref)
		if err != nil {
			return nil, here, err
		}
		return s.lookup(spot{target.file, target.ptr + "/" + strings.Join(tokens[i:], "/")}, hops+1)
	}
	return node, here, nil
}

// tokensOf splits a pointer; its tokens stay escaped.
func tokensOf(ptr string) []string {
	if ptr == "" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(ptr, "/"), "/")
}

// step returns what an object or an array holds under a token.
func step(node any, token string) (any, bool) {
	switch node := node.(type) {
	case map[string]any:
		next, ok := node[token]
		return next, ok
	case []any:
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(node) {
			return nil, false
		}
		return node[i], true
	}
	return nil, false
}

func refOf(node any) (string, bool) {
	object, _ := node.(map[string]any)
	ref, ok := object["$ref"].(string)
	return ref, ok
}

// resolve returns where a reference leads that stands at a spot.
func (s *Set) resolve(at spot, ref string) (spot, error) {
	uri, fragment, _ := strings.Cut(ref, "#")
	target, err := s.resource(at, uri)
	if err != nil {
		return spot{}, fmt.Errorf("%s: the reference %q cannot be followed: %w", at.place(), ref, err)
	}
	if fragment == "" {
		return target, nil
	}
	decoded, err := url.PathUnescape(fragment)
	if err != nil {
		decoded = fragment // many write pointers without encoding them
	}
	if !strings.HasPrefix(decoded, "/") {
		found, ok := s.ids().anchors[anchor{target, decoded}]
		if !ok {
			return spot{}, fmt.Errorf("%s: the reference %q cannot be followed: there is no such anchor", at.place(), ref)
		}
		return found, nil
	}
	for _, ptr := range []string{decoded, fragment} {
		if _, found, err := s.lookup(spot{target.file, target.ptr + ptr}, 1); err == nil {
			return found, nil
		}
	}
	return spot{}, fmt.Errorf("%s: the reference %q leads nowhere", at.place(), ref)
}

// resource returns where the resource stands that a URI names, seen from a spot.
func (s *Set) resource(at spot, uri string) (spot, error) {
	base, root := s.base(at)
	if uri == "" {
		return root, nil
	}
	from, err := url.Parse(base)
	if err != nil {
		return spot{}, err
	}
	to, err := from.Parse(uri)
	if err != nil {
		return spot{}, err
	}
	if _, ok := s.files[to.String()]; ok {
		return spot{file: to.String()}, nil
	}
	if found, ok := s.ids().resources[to.String()]; ok {
		return found, nil
	}
	return spot{}, fmt.Errorf("%s was not read", to)
}

// base returns the URI that references at a spot are relative to, and the spot of
// the resource that has it: that of the nearest $id above, or of the file.
func (s *Set) base(at spot) (string, spot) {
	uri, root := at.file, spot{file: at.file}
	if s.old(at.file) {
		return uri, root
	}
	node, here := s.files[at.file], root
	enter := func() {
		if id := idOf(node); id != "" {
			uri, root = join(uri, id), here
		}
	}
	enter()
	for _, token := range tokensOf(at.ptr) {
		next, ok := step(node, unescape(token))
		if !ok {
			break
		}
		node, here = next, spot{here.file, here.ptr + "/" + token}
		enter()
	}
	return uri, root
}

// old reports whether a file is of OpenAPI 3.0, whose schemas have no $id.
func (s *Set) old(file string) bool {
	version := s.version
	if object, ok := s.files[file].(map[string]any); ok {
		if v, ok := object["openapi"]; ok {
			version = fmt.Sprint(v)
		}
		if _, ok := object["swagger"]; ok {
			return true
		}
	}
	return strings.HasPrefix(version, "3.0") || strings.HasPrefix(version, "2")
}

func idOf(node any) string {
	object, _ := node.(map[string]any)
	id, _ := object["$id"].(string)
	id, _, _ = strings.Cut(id, "#")
	return id
}

func join(base, ref string) string {
	from, err := url.Parse(base)
	if err != nil {
		return ref
	}
	to, err := from.Parse(ref)
	if err != nil {
		return ref
	}
	return to.String()
}
