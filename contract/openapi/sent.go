package openapi

import (
	"maps"
	"slices"
	"strings"
)

// splitSent lists the requests that the provider sends: webhooks (OpenAPI 3.1 section
// 4.8.1) and the callbacks of operations (section 4.8.18). They are units of their
// own, so that an operation can be used whose callback cannot.
func (p *reading) splitSent(root map[string]any) {
	hooks, _ := root["webhooks"].(map[string]any)
	place := p.doc.Root().Join("webhooks")
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		p.splitItem(&unit{place: place.Join(name), path: "webhook " + name, sent: true}, hooks[name])
	}
	for _, u := range slices.Clone(p.units) {
		if u.method != "" {
			p.splitCallbacks(u)
		}
	}
}

// splitCallbacks lists those of an operation. A callback has a path item for each
// expression that tells where it is sent.
func (p *reading) splitCallbacks(u *unit) {
	callbacks, ok := u.parts[0].raw("callbacks")
	if !ok {
		return
	}
	all, _ := callbacks.value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		n, err := node{p.files, all[name], callbacks.place.Join(name)}.end()
		if err != nil {
			p.tell(callbacks.place.Join(name), u.operation(), "the callback is left out: "+err.Error())
			continue
		}
		items, _ := n.value.(map[string]any)
		for _, expression := range slices.Sorted(maps.Keys(items)) {
			if strings.HasPrefix(expression, "x-") {
				continue
			}
			path := "callback " + u.operation() + " " + name + " " + expression
			p.splitItem(&unit{place: n.place.Join(expression), path: path, sent: true}, items[expression])
		}
	}
}

// buildSent makes what can be used of it.
func (b *builder) buildSent() {
	for _, u := range b.sent {
		if u.method == "" || len(u.faults) > 0 {
			continue
		}
		op, err := b.make(u)
		if err != nil {
			u.fail(u.place, err)
			continue
		}
		b.doc.Webhooks = append(b.doc.Webhooks, op)
	}
	slices.SortFunc(b.doc.Webhooks, func(a, b *Operation) int { return strings.Compare(a.Name, b.Name) })
}
