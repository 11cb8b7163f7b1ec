package casefile

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"twinspect.dev/contract"
)

// The keys of the forms that stand for something else.
const (
	keyRepeat  = "$repeat"
	keyText    = "$text"
	keyBase64  = "$base64"
	keyItem    = "$item"
	keyMembers = "$members"
	keyTimes   = "times"
	keyName    = "name"
	keyValue   = "value"
)

var forms = []string{keyRepeat, keyText, keyBase64, keyItem, keyMembers}

// encoder makes nodes of values.
type encoder struct {
	new      nodes
	depth    int
	expanded int
	err      error
}

func (e *encoder) fail(format string, args ...any) *node {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
	return e.new.plain("null")
}

// text makes the node of a text.
func (e *encoder) text(s string) *node {
	if !utf8.ValidString(s) {
		n := e.new.make(node{kind: object})
		n.add(keyBase64, e.new.text(base64.StdEncoding.EncodeToString([]byte(s))))
		return n
	}
	if len(s) < longText {
		return e.new.text(s)
	}
	parts := pieces(s)
	if len(parts) == 1 {
		return e.piece(parts[0])
	}
	n, items := e.new.make(node{kind: object}), e.new.make(node{kind: list})
	for _, p := range parts {
		items.items = append(items.items, e.piece(p))
	}
	n.add(keyText, items)
	return n
}

func (e *encoder) piece(p piece) *node {
	if p.times == 1 {
		return e.new.text(p.unit)
	}
	e.expand(len(p.unit), p.times)
	n := e.new.make(node{kind: object})
	n.add(keyRepeat, e.new.text(p.unit))
	n.add(keyTimes, e.new.number(p.times))
	return n
}

// expand counts what a repetition comes to, as the reader will.
func (e *encoder) expand(size, times int) {
	if e.expanded += size * times; e.expanded > MaxExpanded {
		e.fail("its repetitions come to more than %d bytes", MaxExpanded)
	}
}

// value makes the node of a tree.
func (e *encoder) value(v any) *node {
	if e.depth++; e.depth > MaxNesting {
		return e.fail("a value is nested deeper than %d", MaxNesting)
	}
	defer func() { e.depth-- }()
	switch v := v.(type) {
	case nil:
		return e.new.plain("null")
	case bool:
		if v {
			return e.new.plain("true")
		}
		return e.new.plain("false")
	case json.Number:
		if !isNumber(string(v)) {
			return e.fail("%q is no number", shorten(string(v)))
		}
		return e.new.plain(string(v))
	case string:
		return e.text(v)
	case []any:
		return e.list(v)
	case map[string]any:
		return e.object(v)
	}
	return e.fail("a value of type %T is none of JSON", v)
}

func (e *encoder) list(v []any) *node {
	n := e.new.make(node{kind: list})
	for i := 0; i < len(v); {
		end := i + 1
		for end < len(v) && same(v[i], v[end]) {
			end++
		}
		item := e.value(v[i])
		const many = 8 // so few items alike are read as easily one by one
		if end-i < many {
			end = i + 1
			n.items = append(n.items, item)
		} else {
			e.expand(weight(v[i]), end-i)
			times := e.new.make(node{kind: object})
			times.add(keyItem, item)
			times.add(keyTimes, e.new.number(end-i))
			n.items = append(n.items, times)
		}
		i = end
	}
	return n
}

// itemBytes is what an item takes in memory beside its text: an interface, and
// what it points to.
const itemBytes = 32

// weight is what a value takes in memory, roughly.
func weight(v any) int {
	sum := itemBytes
	switch v := v.(type) {
	case string:
		sum += len(v)
	case json.Number:
		sum += len(v)
	case []any:
		for i := range v {
			sum += weight(v[i])
		}
	case map[string]any:
		for key, w := range v {
			sum += len(key) + itemBytes + weight(w)
		}
	}
	return sum
}

// same reports whether two trees are alike.
func same(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, same)
	case nil, bool, string, json.Number:
		switch b.(type) {
		case nil, bool, string, json.Number:
			return a == b
		}
	}
	return false
}

func (e *encoder) object(m map[string]any) *node {
	n := e.new.make(node{kind: object})
	keys := slices.Sorted(maps.Keys(m))
	if slices.ContainsFunc(keys, awkward) {
		items := e.new.make(node{kind: list})
		for _, key := range keys {
			item := e.new.make(node{kind: object})
			item.add(keyName, e.text(key))
			item.add(keyValue, e.value(m[key]))
			items.items = append(items.items, item)
		}
		n.add(keyMembers, items)
		return n
	}
	n.members = make([]member, 0, len(keys))
	for _, key := range keys {
		n.add(key, e.value(m[key]))
	}
	return n
}

// awkward reports whether a key cannot stand as it is. Escapes take up to six
// times the space.
func awkward(key string) bool {
	return slices.Contains(forms, key) || len(key) > maxKey/6 || !utf8.ValidString(key)
}

// isNumber reports whether a text is a number of JSON (RFC 8259 section 6).
func isNumber(s string) bool {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	s, n := digits(s)
	if n == 0 || n > 1 && s[0] == '0' {
		return false
	}
	rest := s[n:]
	if rest != "" && rest[0] == '.' {
		rest, n = digits(rest[1:])
		if n == 0 {
			return false
		}
		rest = rest[n:]
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		rest, n = digits(rest)
		return n > 0 && n == len(rest)
	}
	return rest == ""
}

// digits returns s and how many digits it begins with.
func digits(s string) (string, int) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s, n
}

// requestParts are the parts of a request that are maps, in the order of the file.
var requestParts = []struct {
	key string
	of  func(*contract.Request) *map[string]any
}{
	{"path", func(r *contract.Request) *map[string]any { return &r.Path }},
	{"query", func(r *contract.Request) *map[string]any { return &r.Query }},
	{"header", func(r *contract.Request) *map[string]any { return &r.Header }},
	{"cookie", func(r *contract.Request) *map[string]any { return &r.Cookie }},
}
