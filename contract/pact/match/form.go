package match

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"

	"twinspect.dev/contract/pact"
)

// form compares forms as objects of texts; what is there several times is an array.
func (c *checker) form(at cursor, want, got []byte) {
	c.formTree(at, pact.ParseQuery(string(want)), pact.ParseQuery(string(got)))
}

func (c *checker) formTree(at cursor, want, got map[string][]string) {
	w, g := map[string]any{}, map[string]any{}
	for name, values := range want {
		w[name] = listed(values, len(values) > 1 || len(got[name]) > 1)
	}
	for name, values := range got {
		g[name] = listed(values, len(values) > 1 || len(want[name]) > 1)
	}
	c.value(at, w, g)
}

func listed(values []string, many bool) any {
	if !many && len(values) == 1 {
		return values[0]
	}
	items := make([]any, len(values))
	for i, v := range values {
		items[i] = v
	}
	return items
}

// maxParts is how many parts a body may have: more than any form that a service
// takes.
const maxParts = 1000

// part is one of a multipart body (RFC 2046 section 5.1).
type part struct {
	contentType string
	data        []byte
}

// multipart compares the expected parts by their names, each by its own content
// type. A request may have no other parts.
func (c *checker) multipart(at cursor, wantType, gotType string, want, got []byte) {
	w, err := parts(wantType, want)
	if err != nil {
		c.add("body", nil, nil, "the expected body is not multipart: %s", err)
		return
	}
	g, err := parts(gotType, got)
	if err != nil {
		c.add("body", nil, nil, "multipart is expected: %s", err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		to := at.key(name)
		if len(g[name]) < len(w[name]) {
			c.add(to.place(), nil, nil, "the part is missing")
		}
		for i := range min(len(w[name]), len(g[name])) {
			c.part(to, w[name][i], g[name][i])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g)) {
		if c.strict && len(g[name]) > len(w[name]) {
			c.add(at.key(name).place(), nil, nil, "the part is not expected")
		}
	}
}

func (c *checker) part(at cursor, want, got part) {
	if c.byContentType(at, got.contentType, got.data) {
		return
	}
	body := pact.Body{Presence: pact.Present, ContentType: want.contentType, Text: want.data}
	switch wantKind(&body, want.data) {
	case asJSON:
		c.json(at, &body, want.data, got.data)
	case asXML:
		c.xml(at, want.data, got.data)
	default:
		c.bytes(at, want.data, got.data)
	}
}

// parts reads a multipart body by the names of its parts; one without a name is
// named by its position.
func parts(contentType string, body []byte) (map[string][]part, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, errors.New("its content type has no boundary")
	}
	found := map[string][]part{}
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for n := 0; ; n++ {
		p, err := r.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, errors.New("it is not well-formed")
		case n == maxParts:
			return nil, fmt.Errorf("it has more than %d parts", maxParts)
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return nil, errors.New("it is not well-formed")
		}
		name := p.FormName()
		if name == "" {
			name = fmt.Sprint(n)
		}
		found[name] = append(found[name], part{contentType: p.Header.Get("Content-Type"), data: data})
	}
}
