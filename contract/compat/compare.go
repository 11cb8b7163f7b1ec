package compat

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// Compare returns what a new version of a document changes, sorted by operation,
// place and rule, with the day of today. See [Comparer].
func Compare(old, next *openapi.Document) ([]Change, error) { return Comparer{}.Compare(old, next) }

// Comparer compares two versions of a document.
//
// The order of properties, descriptions, examples, whether a schema is referred to
// or stands in its place, and how it is put together (allOf) are no changes. A
// schema that is used at many places is compared once, and what changed in it is
// told at every place where it shows.
type Comparer struct {
	// Day tells which announced ends (x-sunset) are past; the zero value is today.
	Day time.Time
}

// Compare returns what changed. It fails where the documents are too large or too
// deeply nested to be compared.
func (r Comparer) Compare(old, next *openapi.Document) ([]Change, error) {
	if r.Day.IsZero() {
		r.Day = time.Now()
	}
	c := &documents{
		comparer: comparer{old: newSide(old), next: newSide(next), memo: make(map[pair]*result)},
		before:   old, after: next, day: r.Day.UTC().Format(time.DateOnly),
	}
	c.same = c.sameComponents()
	c.operations()
	if c.err != nil {
		return nil, fmt.Errorf("compare OpenAPI documents: %w", c.err)
	}
	slices.SortFunc(c.changes, compareChanges)
	return slices.Compact(c.changes), nil
}

func compareChanges(a, b Change) int {
	return cmp.Or(
		strings.Compare(path(a.Operation), path(b.Operation)), strings.Compare(a.Operation, b.Operation),
		strings.Compare(string(a.Direction), string(b.Direction)), strings.Compare(a.Status, b.Status),
		strings.Compare(a.MediaType, b.MediaType), strings.Compare(string(a.At), string(b.At)),
		strings.Compare(a.ID, b.ID), strings.Compare(a.Text, b.Text),
		strings.Compare(string(a.Old), string(b.Old)), strings.Compare(string(a.New), string(b.New)),
	)
}

func path(operation string) string {
	_, path, _ := strings.Cut(operation, " ")
	return path
}

// documents compares all that is around the schemas.
type documents struct {
	comparer
	before, after *openapi.Document
	day           string
	changes       []Change
}

// site is where in an operation things are compared.
type site struct {
	operation, status, media string
	at                       contract.Place
	direction                Direction
	sent                     bool // by the provider: a webhook
}

func (d *documents) tell(rule int, s site, old, next openapi.Place, text string) {
	r := around[rule]
	if s.sent && r.Direction == Operation {
		r = ofWebhook(r)
	}
	d.changes = append(d.changes, Change{
		ID: r.ID, Level: r.Level, Direction: r.Direction, Operation: s.operation, Status: s.status,
		MediaType: s.media, At: s.at, Text: text, Old: old, New: next,
	})
}

// schemas compares the schemas at two places, and tells what changed in them.
func (d *documents) schemas(old, next openapi.Place, s site, plainText bool) {
	list := func(side *side, p openapi.Place) []source {
		if src, ok := side.at(p); ok {
			return []source{src}
		}
		return nil
	}
	r := d.sources(list(d.old, old), list(d.next, next), mode{direction: s.direction, text: plainText})
	if r == nil {
		return
	}
	e := &expansion{documents: d, site: s, open: make(map[*result]bool), done: make(map[*result]bool), told: make(map[*result]bool)}
	e.walk(r, nil)
}

// maxPlaces bounds the places at which the changes of one message are told. A pair
// that shows at more places is told at the first ones.
const maxPlaces = 20_000

// expansion tells the results that were found for a message, each at its places.
type expansion struct {
	*documents
	site   site
	open   map[*result]bool // on the way to the present one
	told   map[*result]bool
	done   map[*result]bool // nothing is found at or below it
	places int
}

// walk reports whether anything was told, or could have been in another place.
func (e *expansion) walk(r *result, way []string) bool {
	if e.done[r] {
		return false
	}
	if e.open[r] {
		return true // not known yet
	}
	if e.told[r] && e.places > maxPlaces {
		return true
	}
	e.places++
	e.told[r] = true
	e.open[r] = true
	found := len(r.found) > 0
	for i := range r.found {
		e.finding(&r.found[i], way)
	}
	for _, edge := range r.below {
		next := way
		if edge.token != "" {
			next = append(slices.Clip(way), edge.token)
		}
		found = e.walk(edge.to, next) || found
	}
	delete(e.open, r)
	e.done[r] = !found
	return found
}

func (e *expansion) finding(f *finding, way []string) {
	if f.token != "" {
		way = append(slices.Clip(way), f.token)
	}
	k := &kinds[f.kind]
	at := e.site.at
	if len(way) > 0 {
		pointer := pointer(way)
		if at == "body" {
			at += " "
		}
		at += contract.Place(pointer)
	}
	e.changes = append(e.changes, Change{
		ID: e.site.message() + k.id, Level: k.level(e.site.direction), Direction: e.site.direction,
		Operation: e.site.operation, Status: e.site.status, MediaType: e.site.media, At: at,
		Text: f.text, Old: f.old, New: f.next,
	})
}

// message is what the ids of changes of schemas begin with: the message that they are
// in, whose reader the direction is.
func (s *site) message() string {
	switch {
	case s.sent && s.direction == InResponse:
		return webhookRequest
	case s.sent:
		return webhookResponse
	case s.direction == InResponse:
		return "response-"
	}
	return "request-"
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('/')
		b.WriteString(escaper.Replace(t))
	}
	return b.String()
}
