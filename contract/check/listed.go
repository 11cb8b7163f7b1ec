package check

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// listed: what an earlier step created stands in the list, on one of its pages. It
// is known by its id, or, where the creation told none, by the fields that were
// sent. A list that may go on is not judged.
func (j *judge) listed(name string, seen []*contract.Observation) ([]mismatch, bool) {
	there, whole := j.stands(name, seen)
	if there || !whole {
		return nil, there
	}
	return []mismatch{{at: "body", cause: "not listed", message: "the list does not have what " + name + " created"}}, true
}

// unlisted: what an earlier step created stands in the list no more.
func (j *judge) unlisted(name string, seen []*contract.Observation) ([]mismatch, bool) {
	there, whole := j.stands(name, seen)
	if !there {
		return nil, whole
	}
	return []mismatch{{at: "body", cause: "still listed", message: "the list still has what " + name + " created, though it was deleted"}}, true
}

// stands reports whether what an earlier step created stands in the list, and
// whether all of the list was seen.
func (j *judge) stands(name string, seen []*contract.Observation) (there, whole bool) {
	from := j.earlier(name)
	if from == nil {
		return false, false
	}
	is := j.resource(from)
	if is == nil {
		return false, false
	}
	pages := j.cs.Steps[seen[0].Step].Pages
	lists, last := 0, any(nil)
	for _, o := range seen {
		value, ok := j.conformer.Value(j.operation(o), &o.Exchange.Response)
		if !ok || !success(status(o)) {
			return false, false
		}
		last = value
		for _, list := range listsOf(value, pages) {
			lists++
			if slices.ContainsFunc(list, is) {
				return true, true
			}
		}
	}
	return false, lists > 0 && !j.goesOn(seen, last, pages)
}

// resource returns how the created resource is known in a list, nil where it is
// not.
func (j *judge) resource(from *contract.Observation) func(any) bool {
	sent, _, _ := fields(from)
	if value, ok := j.conformer.Value(j.operation(from), &from.Exchange.Response); ok {
		if name, id, ok := idOf(value, sent); ok {
			return func(v any) bool { return hasID(v, name, id) }
		}
	}
	if id := lastSegment(from.Exchange.Response.Header); id != "" {
		return func(v any) bool { return hasAnyID(v, id) }
	}
	if len(sent) > 0 {
		return func(v any) bool { return hasFields(v, sent) }
	}
	return nil
}

// idNames are the names that an identity has, the surest first.
var idNames = []string{"id", "_id", "uuid", "guid", "ID", "Id", "key", "sku", "slug", "code"}

// idOf finds the identity of a resource in the answer to its creation, which may
// have it in an envelope.
func idOf(value any, sent map[string]any) (name string, id any, ok bool) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return "", nil, false
	}
	if name, id, ok = ownID(object); ok {
		return name, id, true
	}
	if inner, found := envelope(sent, object); found {
		return ownID(object[inner].(map[string]any))
	}
	return "", nil, false
}

func ownID(object map[string]any) (string, any, bool) {
	for _, name := range idNames {
		if v, ok := object[name]; ok && text(v) != "" {
			return name, v, true
		}
	}
	return "", nil, false
}

func scalar(v any) bool {
	k := kind(v)
	return k == 's' || k == 'n'
}

// lastSegment returns the last segment of the path in Location.
func lastSegment(h capture.Header) string {
	path := strings.TrimRight(capture.PathOf(h.Get("Location")), "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func hasID(element any, name string, id any) bool {
	if object, ok := element.(map[string]any); ok {
		return text(object[name]) == text(id)
	}
	return scalar(element) && text(element) == text(id)
}

func hasAnyID(element any, id string) bool {
	object, ok := element.(map[string]any)
	if !ok {
		return scalar(element) && text(element) == id
	}
	for _, v := range object {
		if scalar(v) && (text(v) == id || strings.HasSuffix(text(v), "/"+id)) {
			return true
		}
	}
	return false
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	}
	return ""
}

// hasFields reports whether an element has the values that were sent, as far as it
// has the fields, and has one at least.
func hasFields(element any, sent map[string]any) bool {
	object, ok := element.(map[string]any)
	if !ok {
		return false
	}
	n := 0
	for name, v := range sent {
		got, ok := object[name]
		if !ok || kind(v) != kind(got) || kind(v) == 'a' || kind(v) == 'o' {
			continue
		}
		if !equal(v, got) {
			return false
		}
		n++
	}
	return n > 0
}

// listsOf returns the lists of an answer: where the step says, else the answer
// itself or the arrays that it has within two levels.
func listsOf(value any, pages *contract.Pages) [][]any {
	if pages != nil && pages.Items != "" {
		_, at := pages.Items.Split()
		if v, ok := pointer.Get(value, at); ok {
			if list, ok := v.([]any); ok {
				return [][]any{list}
			}
		}
	}
	return arrays(value, 2)
}

func arrays(value any, levels int) [][]any {
	switch v := value.(type) {
	case []any:
		return [][]any{v}
	case map[string]any:
		if levels == 0 {
			return nil
		}
		var lists [][]any
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lists = append(lists, arrays(v[name], levels-1)...)
		}
		return lists
	}
	return nil
}

// goesOn reports whether the list may have elements that were not asked for.
func (j *judge) goesOn(seen []*contract.Observation, last any, pages *contract.Pages) bool {
	if pages != nil {
		return pages.Max > 0 && len(seen) >= pages.Max
	}
	if next(seen[len(seen)-1].Exchange.Response.Header) {
		return true
	}
	object, ok := last.(map[string]any)
	if !ok {
		return false
	}
	n := 0
	for _, list := range listsOf(last, nil) {
		n = max(n, len(list))
	}
	for name, v := range object {
		if hints(strings.ToLower(name), v, n) {
			return true
		}
	}
	return false
}

// hints reports whether a member of a list's envelope says that there is more: a
// next page, or a total beyond what is here.
func hints(name string, v any, length int) bool {
	switch {
	case strings.HasPrefix(name, "next"), strings.Contains(name, "cursor"), strings.Contains(name, "continuation"):
		return v != nil && v != "" && v != false
	case strings.Contains(name, "more"):
		return v == true
	case strings.HasPrefix(name, "total"), name == "count", name == "links", name == "_links", name == "pagination", name == "page", name == "meta":
		if object, ok := v.(map[string]any); ok {
			for inner, v := range object {
				if hints(strings.ToLower(inner), v, length) {
					return true
				}
			}
			return false
		}
		n, ok := v.(json.Number)
		total, err := n.Int64()
		return ok && err == nil && total > int64(length) && name != "page"
	}
	return false
}
