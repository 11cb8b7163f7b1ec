package compat

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// shape returns an operation's name without those of its path parameters.
func shape(method, path string) string {
	parts := strings.Split(path, "{")
	for i := 1; i < len(parts); i++ {
		_, after, _ := strings.Cut(parts[i], "}")
		parts[i] = "}" + after
	}
	return method + " " + strings.Join(parts, "{")
}

func (d *documents) operations() {
	d.pairs(d.before.Operations, d.after.Operations, d.operation)
	d.pairs(d.before.Webhooks, d.after.Webhooks, d.webhook)
}

// pairs compares those that both versions have.
func (d *documents) pairs(before, after []*openapi.Operation, compare func(a, b *openapi.Operation)) {
	alike := make(map[string]*openapi.Operation, len(after))
	exact := make(map[string]*openapi.Operation, len(after))
	for _, op := range after {
		exact[op.Name] = op
		if s := shape(op.Method, op.Path); alike[s] == nil {
			alike[s] = op
		}
	}
	met := make(map[*openapi.Operation]bool)
	for _, op := range before {
		other := exact[op.Name]
		if other == nil {
			other = alike[shape(op.Method, op.Path)]
		}
		if other == nil || met[other] {
			d.removed(op)
			continue
		}
		met[other] = true
		compare(op, other)
	}
	for _, op := range after {
		if !met[op] {
			d.added(op)
		}
	}
}

func (d *documents) removed(op *openapi.Operation) {
	s := site{operation: op.Name, sent: op.Sent}
	sunset, announced := d.sunset(d.before, op)
	switch {
	case slices.Contains(d.after.Methods(op.Path), op.Method):
		d.tell(operationUnread, s, op.Place, "", op.Name+" cannot be used as the new document has it")
	case !op.Deprecated:
		d.tell(operationRemoved, s, op.Place, "", op.Name+" was removed")
	case announced && (sunset == "" || sunset > d.day):
		d.tell(operationEarly, s, op.Place, "", op.Name+" was removed before the day that was announced")
	default:
		d.tell(operationRetired, s, op.Place, "", op.Name+" was removed after it was deprecated")
	}
}

func (d *documents) added(op *openapi.Operation) {
	s := site{operation: op.Name, sent: op.Sent}
	if slices.Contains(d.before.Methods(op.Path), op.Method) {
		d.tell(operationUnread, s, "", op.Place, op.Name+" cannot be used as the old document has it")
		return
	}
	d.tell(operationAdded, s, "", op.Place, op.Name+" was added")
}

// sunset returns the day on which an operation ends, "" where it cannot be read, and
// whether any is told.
func (d *documents) sunset(doc *openapi.Document, op *openapi.Operation) (string, bool) {
	v, ok := field(doc, op, "x-sunset")
	if !ok {
		return "", false
	}
	said, _ := v.(string)
	for _, layout := range []string{time.DateOnly, time.RFC3339, time.RFC1123} {
		if t, err := time.Parse(layout, said); err == nil {
			return t.UTC().Format(time.DateOnly), true
		}
	}
	return "", true
}

func field(doc *openapi.Document, op *openapi.Operation, name string) (any, bool) {
	v, _, err := doc.Node(op.Place)
	m, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, false
	}
	value, ok := m[name]
	return value, ok
}

// operation compares what two versions say of one operation.
func (d *documents) operation(a, b *openapi.Operation) {
	s := site{operation: a.Name}
	d.named(a, b, s)
	d.basePaths(a, b, s)
	d.security(a, b, s)
	d.parameters(a, b, s)
	d.body(a, b, s)
	d.responses(a, b, s)
}

// named compares what is said of an operation beside its messages.
func (d *documents) named(a, b *openapi.Operation, s site) {
	d.lifecycle(a, b, s)
	if a.ID != b.ID {
		d.tell(operationIDChanged, s, a.Place, b.Place, changed("the operationId", a.ID, b.ID))
	}
	before, _ := field(d.before, a, "tags")
	after, _ := field(d.after, b, "tags")
	if !equal(before, after) {
		d.tell(tagsChanged, s, a.Place, b.Place, "the tags are "+show(after))
	}
}

func (d *documents) lifecycle(a, b *openapi.Operation, s site) {
	switch {
	case !a.Deprecated && b.Deprecated:
		d.tell(operationDeprecated, s, a.Place, b.Place, "the operation is deprecated")
	case a.Deprecated && !b.Deprecated:
		d.tell(operationReactivated, s, a.Place, b.Place, "the operation is not deprecated any longer")
	}
	before, had := d.sunset(d.before, a)
	after, has := d.sunset(d.after, b)
	switch {
	case !had || !a.Deprecated || !b.Deprecated:
	case !has:
		d.tell(sunsetRemoved, s, a.Place, b.Place, "the day of its end is not told any longer")
	case after < before:
		d.tell(sunsetEarlier, s, a.Place, b.Place, fmt.Sprintf("it ends on %s, not on %s", after, before))
	}
}

func (d *documents) basePaths(a, b *openapi.Operation, s site) {
	for _, base := range a.BasePaths {
		if !slices.Contains(b.BasePaths, base) {
			d.tell(basePathRemoved, s, a.Place, b.Place, "it is not served below "+base+"/ any longer")
		}
	}
	for _, base := range b.BasePaths {
		if !slices.Contains(a.BasePaths, base) {
			d.tell(basePathAdded, s, a.Place, b.Place, "it is served below "+base+"/")
		}
	}
}

func (d *documents) body(a, b *openapi.Operation, s site) {
	s.direction, s.at = InRequest, "body"
	before, after := a.Body, b.Body
	switch {
	case before == nil && after == nil:
		return
	case before == nil:
		d.tell(pick(after.Required, bodyRequired, bodyOptional), s, a.Place, after.Place, "a body was added")
		return
	case after == nil:
		d.tell(bodyRemoved, s, before.Place, b.Place, "the body was removed")
		return
	}
	if before.Required != after.Required {
		d.tell(pick(after.Required, bodyNeeded, bodyNotNeeded), s, before.Place, after.Place, "required is "+show(after.Required))
	}
	d.media(before.Media, after.Media, s, before.Place, after.Place, requestMediaRemoved, requestMediaAdded)
}

// media compares the media types of a message.
func (d *documents) media(before, after []*openapi.Media, s site, old, next openapi.Place, removed, added int) {
	for _, m := range before {
		s.media = m.Type
		other := mediaOf(after, m.Type)
		if other == nil {
			d.tell(removed, s, m.Place, next, m.Type+" was removed")
			continue
		}
		d.schemas(m.Schema, other.Schema, s, false)
		items := s // of a stream (OpenAPI 3.2 section 4.14)
		items.at += " /" + item
		d.schemas(m.Place.Join("itemSchema"), other.Place.Join("itemSchema"), items, false)
	}
	for _, m := range after {
		s.media = m.Type
		if mediaOf(before, m.Type) == nil {
			d.tell(added, s, old, m.Place, m.Type+" was added")
		}
	}
}

// mediaOf returns what is said of a media type: by its own name, else by a range
// that it is in (RFC 9110 section 12.5.1).
func mediaOf(list []*openapi.Media, name string) *openapi.Media {
	plain := func(s string) string {
		return strings.ToLower(strings.ReplaceAll(s, " ", ""))
	}
	name = plain(name)
	bare, _, _ := strings.Cut(name, ";")
	kind, _, _ := strings.Cut(bare, "/")
	for _, want := range []string{name, bare, kind + "/*", "*/*"} {
		for _, m := range list {
			if plain(m.Type) == want {
				return m
			}
		}
	}
	return nil
}

// at makes the place of a part that has a name.
func at(part, name string) contract.Place { return contract.At(part, name) }
