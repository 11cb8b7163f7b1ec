package sequence

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// maxPages is how many pages of a list are asked for at most: with pages of 100
// that is 5,000 items, and takes a second where an answer takes 20 ms.
const maxPages = 50

// The sizes of pages that are asked for, within what the document allows: small
// for many seams between pages, large to come to the end of a long list.
const (
	small = 2
	large = 100
)

// The names of parameters and fields, as words.
var (
	cursorNames = []string{"cursor", "after", "page token", "next token", "next", "continuation", "continuation token",
		"starting after", "start cursor", "end cursor", "marker", "next cursor", "page cursor", "start key", "next page", "scroll id"}
	pageNames   = []string{"page", "page number", "page no", "page index", "p"}
	offsetNames = []string{"offset", "skip", "start", "start index", "start at", "page offset"}
	sizeNames   = []string{"limit", "size", "page size", "per page", "count", "max results", "max", "top", "rows", "take", "page limit", "items per page", "max items", "first"}
	nextNames   = []string{"next cursor", "next page token", "next token", "next", "cursor", "next page", "continuation token",
		"continuation", "end cursor", "next marker", "after", "next link", "next url", "odata next link", "scroll id"}
	totalNames = []string{"total pages", "page count", "pages", "last page", "total", "total count", "total items", "total elements", "total results", "count"}
	orderNames = []string{"order", "direction", "sort order", "sort direction", "sort dir", "dir", "sort"}
	// meta are the objects of an answer that tell of the list.
	meta = []string{"meta", "pagination", "paging", "page info", "links", "cursors", "metadata", "response metadata", "page"}
)

// walk is how a list is followed.
type walk struct {
	pages contract.Pages
	// set are the parameters of the first request.
	set map[contract.Place]any
	// size is the parameter of the size, nil where there is none.
	size *openapi.Parameter
	// numbered says that pages are counted, from first on.
	numbered bool
	first    int
}

// into makes a step one that follows the list.
func (w *walk) into(step *contract.Step) {
	for _, at := range sortedPlaces(w.set) {
		step.Request = set(step.Request, at, w.set[at])
	}
	pages := w.pages
	step.Pages = &pages
}

func sortedPlaces(m map[contract.Place]any) []contract.Place {
	var out []contract.Place
	for at := range m {
		out = append(out, at)
	}
	slices.Sort(out)
	return out
}

// walk tells how to follow a list in pages of about a size; nil where the
// document does not tell.
func (b *builder) walk(op *openapi.Operation, size int) *walk {
	items, _, ok := b.shapes.list(op)
	if !ok || op.Method != http.MethodGet {
		return nil
	}
	w := &walk{pages: contract.Pages{Items: items, Max: maxPages}, set: make(map[contract.Place]any)}
	w.size = parameter(op, sizeNames)
	got := 0
	if w.size != nil {
		got = b.sized(w.size, size)
		w.set[contract.At("query", w.size.Name)] = number(got)
	}
	if !b.byCursor(op, w) && !b.byNumber(op, w, got) && !b.byLink(op, w) {
		return nil
	}
	return w
}

func (b *builder) byCursor(op *openapi.Operation, w *walk) bool {
	next, url := b.next(op)
	p := parameter(op, cursorNames)
	switch {
	case next != "" && url:
		w.pages.Into, w.pages.Next = "target", next
	case next != "" && p != nil:
		w.pages.Into, w.pages.Next = contract.At("query", p.Name), next
	case p != nil && linked(op):
		return b.byLink(op, w)
	default:
		return false
	}
	return true
}

// byLink follows the Link header (RFC 8288), where it is declared.
func (b *builder) byLink(op *openapi.Operation, w *walk) bool {
	if !linked(op) {
		return false
	}
	w.pages.Into, w.pages.Next = "target", "header Link"
	return true
}

// byNumber counts pages, or items where the size of a page is known.
func (b *builder) byNumber(op *openapi.Operation, w *walk, size int) bool {
	p, start, step := parameter(op, pageNames), 1, 1
	if p == nil {
		p, start, step = parameter(op, offsetNames), 0, size
	} else {
		w.numbered = true
	}
	if p == nil || step == 0 {
		return false
	}
	sh := b.shapes.of(p.Schema)
	if sh.typ != "integer" && sh.typ != "number" && sh.typ != "" {
		return false
	}
	if v, ok := integer(sh.minimum); ok && v >= 0 && v <= 1 {
		start = v
	} else if v, ok := integer(sh.def); ok && v >= 0 && v <= 1 {
		start = v
	}
	w.pages.Into, w.pages.Step, w.first = contract.At("query", p.Name), step, start
	w.set[w.pages.Into] = number(start)
	return true
}

// sized returns the size of pages nearest to what is wanted that is allowed.
func (b *builder) sized(p *openapi.Parameter, want int) int {
	sh := b.shapes.of(p.Schema)
	if most, ok := integer(sh.maximum); ok {
		want = min(want, most)
	}
	if least, ok := integer(sh.minimum); ok {
		want = max(want, least)
	}
	return want
}

// parameter finds the parameter of the query with one of the names, the first
// name first.
func parameter(op *openapi.Operation, names []string) *openapi.Parameter {
	for _, name := range names {
		for _, p := range op.Parameters {
			if p.In == "query" && strings.Join(words(p.Name), " ") == name {
				return p
			}
		}
	}
	return nil
}

func linked(op *openapi.Operation) bool {
	for _, r := range successes(op) {
		if slices.ContainsFunc(r.Headers, func(h *openapi.Parameter) bool { return strings.EqualFold(h.Name, "Link") }) {
			return true
		}
	}
	return false
}

// next finds where an answer tells how to ask for the next page, and whether that
// is a whole URL.
func (b *builder) next(op *openapi.Operation) (at contract.Place, url bool) {
	pointer, sh := b.said(op, nextNames)
	if sh == nil {
		return "", false
	}
	last := strings.ToLower(pointer[strings.LastIndexByte(pointer, '/')+1:])
	return contract.At("body", pointer), strings.HasPrefix(sh.format, "uri") || strings.HasSuffix(last, "link") || strings.HasSuffix(last, "url") || strings.HasPrefix(strings.ToLower(pointer), "/links/")
}

// total finds where an answer tells how many pages, or items, there are.
func (b *builder) total(op *openapi.Operation) (contract.Place, bool) {
	pointer, sh := b.said(op, totalNames)
	if sh == nil || sh.typ != "integer" && sh.typ != "number" {
		return "", false
	}
	return contract.At("body", pointer), true
}

// said finds a scalar field of an answer by its names, in it or in what it says
// of the list.
func (b *builder) said(op *openapi.Operation, names []string) (string, *shape) {
	for _, r := range successes(op) {
		m := structured(r.Media)
		if m == nil {
			continue
		}
		root := b.shapes.of(m.Schema)
		if pointer, sh := b.scalar(root, names); sh != nil {
			return pointer, sh
		}
		for _, f := range root.fields {
			if !slices.Contains(meta, strings.Join(f.words, " ")) {
				continue
			}
			if pointer, sh := b.scalar(b.shapes.of(f.schema), names); sh != nil {
				return "/" + escape(f.name) + pointer, sh
			}
		}
	}
	return "", nil
}

func (b *builder) scalar(sh *shape, names []string) (string, *shape) {
	for _, name := range names {
		for _, f := range sh.fields {
			found := b.shapes.of(f.schema)
			if strings.Join(f.words, " ") == name && len(found.fields) == 0 && found.items == "" && found.typ != "boolean" {
				return "/" + escape(f.name), found
			}
		}
	}
	return "", nil
}

func number(v int) json.Number { return json.Number(strconv.Itoa(v)) }

// integer reads a number of a document, whatever type its reader gave it.
func integer(v any) (int, bool) {
	switch n := v.(type) {
	case json.Number:
		i, err := strconv.Atoi(n.String())
		return i, err == nil
	case int:
		return n, true
	case int64:
		return int(n), true
	case uint64:
		return int(n), n < 1<<31
	case float64:
		return int(n), n == float64(int(n))
	}
	return 0, false
}
