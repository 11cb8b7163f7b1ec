package correlate

import (
	"slices"
	"strings"
)

// subjects returns what the value at a place is said to identify, by its name
// and the path it is under, in singular: "order" for /orders/{id}, for orderId,
// and for $.id of an order. It is empty for what is no identifier by its name.
//
// Where two places have a subject in common, their names agree.
func subjects(operation string, p Place) []string {
	path := operation
	if _, rest, ok := strings.Cut(operation, " "); ok {
		path = rest
	}
	switch p.Kind {
	case Path:
		return clean(before(path, p.Segment))
	case Location:
		// The path that a Location names is most often the one asked for and an id.
		return clean(collection(path))
	case Body:
		return bodySubjects(path, p.Name)
	case Header:
		if v := validators[p.Name]; v != "" {
			return []string{v}
		}
	}
	own, parent := split(strings.TrimPrefix(p.Name, "x-"))
	switch {
	case isForgeryToken(p.Name):
		return []string{forgeryToken}
	case p.Kind == Cookie && own == "":
		return []string{"(cookie) " + p.Name}
	case own == "":
		return nil
	case parent == "":
		return clean(collection(path))
	}
	return clean(parent)
}

// validators are the fields that belong together although their names differ
// (RFC 9110 section 13.1).
var validators = map[string]string{
	"etag": "(etag)", "if-match": "(etag)", "if-none-match": "(etag)", "if-range": "(etag)",
	"last-modified": "(date)", "if-modified-since": "(date)", "if-unmodified-since": "(date)",
}

// forgeryToken is the subject of the tokens against forged requests, whose names
// differ between a page, a cookie and a header.
const forgeryToken = "(csrf)"

func isForgeryToken(name string) bool {
	n := normal(name)
	return strings.Contains(n, "csrf") || strings.Contains(n, "xsrf") || n == "authenticitytoken"
}

func bodySubjects(path, name string) []string {
	keys := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(`$.[]*"`, r) })
	if len(keys) == 0 {
		return nil
	}
	last := keys[len(keys)-1]
	own, parent := split(last)
	switch {
	case isForgeryToken(last):
		return []string{forgeryToken}
	case own == "":
		return nil
	case parent != "":
		return clean(parent)
	}
	if len(keys) == 1 {
		return clean(collection(path))
	}
	over := keys[len(keys)-2]
	if containers[normal(over)] {
		return clean(over, collection(path))
	}
	return clean(over)
}

// containers are names under which an answer puts whatever it is about.
var containers = setOf("data items item results result content contents list payload attributes edges node nodes " +
	"records record entries entry response body value values elements rows row object objects page")

// marks are the endings of a name that say that it identifies something.
var marks = []string{"identifier", "number", "token", "cursor", "version", "uuid", "guid", "code", "slug", "etag", "csrf", "key", "ref", "sku", "id", "no"}

func setOf(list string) map[string]bool {
	m := make(map[string]bool)
	for name := range strings.FieldsSeq(list) {
		m[name] = true
	}
	return m
}

// split divides a name into the ending that says that it identifies something
// and what comes before: orderId is "id" of "order". own is empty where it has no
// such ending. An ending of two or three letters begins a word of its own.
func split(name string) (own, parent string) {
	n := normal(name)
	for _, m := range marks {
		rest, ok := strings.CutSuffix(n, m)
		if !ok || rest != "" && len(m) <= 3 && !beginsWord(name, len(m)) {
			continue
		}
		switch m {
		case "id", "uuid", "guid", "identifier", "number", "no", "key", "ref", "code":
			return m, rest
		}
		return m, n // tokens and the like only agree with their like
	}
	return "", ""
}

// beginsWord reports whether the last n letters of a name are a word of it:
// order_id, orderId, orderID, order-id.
func beginsWord(name string, n int) bool {
	at := len(name) - n
	if at <= 0 {
		return true
	}
	if kindOf(name[at]) == upperByte && kindOf(name[at-1]) != upperByte {
		return true
	}
	return kindOf(name[at-1]) == otherByte
}

func normal(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', ' ', '[', ']':
			return -1
		}
		return r
	}, strings.ToLower(name))
}

func clean(names ...string) []string {
	out := names[:0]
	for _, n := range names {
		if n = singular(normal(n)); n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func singular(n string) string {
	switch {
	case len(n) > 4 && strings.HasSuffix(n, "ies"):
		return n[:len(n)-3] + "y"
	case len(n) > 4 && (strings.HasSuffix(n, "sses") || strings.HasSuffix(n, "xes") || strings.HasSuffix(n, "ches")):
		return n[:len(n)-2]
	case len(n) > 3 && strings.HasSuffix(n, "s") && !strings.HasSuffix(n, "ss"):
		return n[:len(n)-1]
	}
	return n
}

// before returns the nearest segment before the n-th one that is no variable.
func before(path string, n int) string {
	list := strings.Split(strings.Trim(path, "/"), "/")
	for i := min(n-1, len(list)) - 1; i >= 0; i-- {
		if list[i] != "" && list[i][0] != '{' {
			return list[i]
		}
	}
	return ""
}

// collection returns the last segment that is no variable.
func collection(path string) string { return before(path, 1<<20) }

// variables says which segments of the operation's path are variables, nil
// where the name has no path.
func variables(operation string) []bool {
	_, path, ok := strings.Cut(operation, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		return nil
	}
	list := strings.Split(path[1:], "/")
	vars := make([]bool, len(list))
	for i, s := range list {
		vars[i] = strings.HasPrefix(s, "{")
	}
	return vars
}
