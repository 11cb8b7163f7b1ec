package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

func (b *builder) responses(operation node) ([]*Response, error) {
	n, _ := operation.raw("responses")
	entries, err := n.entries()
	if err != nil {
		return nil, err
	}
	var list []*Response
	for _, n := range entries {
		status, ok := statusPattern(n.name)
		if !ok {
			b.tell(n.place, b.operation, fmt.Sprintf("%q is no status", n.name))
			continue
		}
		r := &Response{Status: status, Place: n.place}
		if r.Media, err = b.media(n.node); err != nil {
			return nil, err
		}
		if r.Headers, err = b.headers(n.node); err != nil {
			return nil, err
		}
		r.Links = b.links(n.node)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b *Response) int {
		return cmp.Or(compareBool(a.Status == "default", b.Status == "default"), strings.Compare(a.Status, b.Status))
	})
	return list, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// statusPattern returns a status, a range of them such as "4XX", or "default".
func statusPattern(s string) (string, bool) {
	if s == "default" {
		return s, true
	}
	upper := strings.ToUpper(s)
	if len(upper) != 3 || upper[0] < '1' || upper[0] > '5' {
		return "", false
	}
	digits := strings.Trim(upper[1:], "0123456789") == ""
	return upper, digits || upper[1:] == "XX"
}

// links returns the links whose operation is known.
func (b *builder) links(response node) []Link {
	n, _ := response.raw("links")
	entries, err := n.entries()
	if err != nil {
		b.tell(n.place, b.operation, err.Error())
		return nil
	}
	var list []Link
	for _, n := range entries {
		operation, err := b.linked(n.node)
		if err != nil {
			b.tell(n.place, b.operation, fmt.Sprintf("the link %s is left out: %v", n.name, err))
			continue
		}
		parameters, _ := n.raw("parameters")
		values, _ := parameters.value.(map[string]any)
		body, _ := n.raw("requestBody")
		list = append(list, Link{Name: n.name, Operation: operation, Parameters: values, Body: body.value, Place: n.place})
	}
	return list
}

// linked returns the name of the operation that a link leads to.
func (b *builder) linked(n node) (string, error) {
	if id := n.text("operationId"); id != "" {
		if name, ok := b.byID[id]; ok {
			return name, nil
		}
		return "", fmt.Errorf("no operation has the operationId %q", id)
	}
	ref := n.text("operationRef")
	if ref == "" {
		return "", fmt.Errorf("it has neither operationId nor operationRef")
	}
	uri, _ := n.place.Split()
	target, err := b.files.target(uri, ref)
	if err != nil {
		return "", err
	}
	if name, ok := b.byPlace[target]; ok {
		return name, nil
	}
	hops := 0
	if _, at, err := b.files.look(n.place, target, &hops); err == nil && b.byPlace[at] != "" {
		return b.byPlace[at], nil
	}
	return "", fmt.Errorf("the document has no operation at %s", ref)
}
