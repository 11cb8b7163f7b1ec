package message

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"twinspect.dev/contract/schema"
)

// reader types what is read by the schemas of one direction.
type reader struct {
	codec     *Codec
	direction schema.Direction
	tries     int // that are left
}

// maxTries bounds how often a branch of a union is tried in one message. A usual
// body tries some for each of its values; without a bound, unions in unions would
// make it grow by powers.
const maxTries = 10_000

func (c *Codec) reader(d schema.Direction) *reader {
	return &reader{codec: c, direction: d, tries: maxTries}
}

func (r *reader) valid(s *shape, v any) bool {
	if r.tries == 0 {
		return true
	}
	r.tries--
	return r.codec.valid(s.place, r.direction, v)
}

// scalar returns the value that a text stands for: the first that is valid, of
// those that the schema has a type for, the narrower types first. It is the text
// itself where there is none.
func (r *reader) scalar(s *shape, text string) any {
	if s.place == "" || s.allow&scalars == kindText {
		return text
	}
	var all [4]any
	found := all[:0]
	if s.allow&kindBool != 0 && (text == "true" || text == "false") {
		found = append(found, text == "true")
	}
	if s.allow&kindNumber != 0 && isNumber(text) {
		found = append(found, json.Number(text))
	}
	if s.allow&kindText != 0 {
		found = append(found, text)
	}
	if s.allow&kindNull != 0 && text == "" {
		found = append(found, nil)
	}
	if len(found) == 0 {
		return text
	}
	if len(found) > 1 {
		for _, v := range found {
			if r.valid(s, v) {
				return v
			}
		}
	}
	return found[0]
}

// pair is a name with a value, both undecoded, as in a query.
type pair struct{ name, value string }

// input is what was found of one parameter.
type input struct {
	values  []string // under its name
	members []pair   // properties of it, where they stand by their own names
}

// styled reads a value by its parameter's style.
func (r *reader) styled(p *param, in input) (any, error) {
	if p.MediaType != "" {
		return r.content(p, in)
	}
	return r.branches(p.shape, func(s *shape) (any, error) { return r.forms(p, s, in) })
}

// branches reads by the first branch of a union that the result is valid with,
// else by all of them together.
func (r *reader) branches(s *shape, read func(*shape) (any, error)) (any, error) {
	for _, view := range s.views {
		if r.tries == 0 {
			break
		}
		if v, err := read(view); err == nil && view.allow&kindOf(v) != 0 && r.valid(s, v) {
			return v, nil
		}
	}
	return read(s)
}

// forms reads a scalar, a list or an object, whatever the schema has; where it
// has several, the first that is valid.
func (r *reader) forms(p *param, s *shape, in input) (any, error) {
	var tries []func() (any, error)
	object := func() (any, error) { return r.object(p, s, in) }
	list := func() (any, error) { return r.list(p, s, in.values) }
	scalar := func() (any, error) { return r.only(p, s, in.values) }
	if s.allow&kindObject != 0 && (len(in.members) > 0 || len(in.values) > 0 && !(p.apart && p.Explode)) {
		tries = append(tries, object)
	}
	if len(in.values) == 1 && s.allow&scalars != 0 && s.place != "" {
		tries = append(tries, scalar)
	}
	if len(in.values) > 0 && s.allow&kindList != 0 && s.place != "" {
		tries = append(tries, list)
	}
	for _, read := range tries {
		v, err := read()
		if len(tries) == 1 || err == nil && r.valid(p.shape, v) {
			return v, err
		}
	}
	if len(in.values) > 1 {
		return list()
	}
	return scalar()
}

// only reads one text.
func (r *reader) only(p *param, s *shape, values []string) (any, error) {
	text := ""
	if len(values) > 0 {
		text = values[0]
	}
	text, err := p.coded.unescape(text)
	if err != nil {
		return nil, err
	}
	return r.scalar(s, text), nil
}

// list reads the items of a list. Senders that encode the separators too are
// understood where the list would not be valid otherwise.
func (r *reader) list(p *param, s *shape, values []string) (any, error) {
	v, err := r.items(p, s, p.parts(values))
	if err != nil || p.Explode && p.apart || p.coded == plain || len(values) != 1 || !strings.Contains(values[0], "%") || r.valid(p.shape, v) {
		return v, err
	}
	text, err := p.coded.unescape(values[0])
	if err != nil || !strings.Contains(text, p.separator()) {
		return v, nil
	}
	parts := strings.Split(text, p.separator())
	for i := range parts {
		parts[i] = string(appendEscaped(nil, parts[i], unreserved))
	}
	if other, err := r.items(p, s, parts); err == nil && r.valid(p.shape, other) {
		return other, nil
	}
	return v, nil
}

func (r *reader) items(p *param, s *shape, parts []string) (any, error) {
	items := make([]any, 0, len(parts))
	for i, part := range parts {
		text, err := p.coded.unescape(part)
		if err != nil {
			return nil, err
		}
		inner := s // of a scalar that is there more than once
		if s.allow&kindList != 0 {
			inner = r.codec.shape(s.item(i))
		}
		items = append(items, r.scalar(inner, text))
	}
	return items, nil
}

// parts splits the values of a list or an object into what stands between the
// separators, still encoded.
func (p *param) parts(values []string) []string {
	if p.Explode && p.apart {
		return values
	}
	var parts []string
	for _, value := range values {
		parts = append(parts, p.split(value)...)
	}
	return parts
}

func (p *param) split(value string) []string {
	switch {
	case p.Style == "matrix" && p.Explode:
		parts := strings.Split(value, ";")
		for i, part := range parts {
			_, parts[i], _ = strings.Cut(part, "=")
		}
		return parts
	case p.Explode:
		return p.trim(strings.Split(value, p.between))
	case p.inner == ",":
		return p.trim(strings.Split(value, ","))
	}
	plain := p.separator()
	if plain == " " {
		plain = "+"
	}
	return strings.Split(strings.ReplaceAll(strings.ReplaceAll(value, "%7c", "%7C"), plain, p.inner), p.inner)
}

// trim takes the optional spaces in header fields away (RFC 9110 section 5.6.1).
func (p *param) trim(parts []string) []string {
	if p.In == "header" {
		for i := range parts {
			parts[i] = strings.Trim(parts[i], " \t")
		}
	}
	return parts
}

// object reads the properties of an object.
func (r *reader) object(p *param, s *shape, in input) (any, error) {
	pairs, err := p.pairs(in)
	if err != nil {
		return nil, err
	}
	members := make(map[string]any, len(pairs))
	for _, m := range pairs {
		name, err := p.coded.unescape(m.name)
		if err != nil {
			return nil, err
		}
		text, err := p.coded.unescape(m.value)
		if err != nil {
			return nil, err
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("%w: the property %q is there twice", ErrSyntax, name)
		}
		members[name] = r.scalar(r.codec.shape(s.property(name)), text)
	}
	return members, nil
}

// pairs splits an object into its properties, still encoded.
func (p *param) pairs(in input) ([]pair, error) {
	if p.apart && p.Explode {
		return in.members, nil
	}
	var pairs []pair
	if !p.Explode {
		parts := p.parts(in.values)
		if len(parts)%2 != 0 {
			return nil, fmt.Errorf("%w: %d parts are no pairs of names and values", ErrSyntax, len(parts))
		}
		for i := 0; i < len(parts); i += 2 {
			pairs = append(pairs, pair{parts[i], parts[i+1]})
		}
		return pairs, nil
	}
	for _, value := range in.values {
		for _, part := range p.trim(strings.Split(value, p.between)) {
			name, v, ok := strings.Cut(part, "=")
			if !ok && !p.bare {
				return nil, fmt.Errorf("%w: %.40q is no name with a value", ErrSyntax, part)
			}
			pairs = append(pairs, pair{name, v})
		}
	}
	return pairs, nil
}

// content reads a value that is written in a media type.
func (r *reader) content(p *param, in input) (any, error) {
	if len(in.values) != 1 {
		return nil, fmt.Errorf("%w: it is there %d times", ErrSyntax, len(in.values))
	}
	text, err := p.coded.unescape(in.values[0])
	if err != nil {
		return nil, err
	}
	if p.json {
		return parseJSON([]byte(text))
	}
	return r.scalar(p.shape, text), nil
}

// deep reads the pairs of a deepObject, their names decoded.
func (r *reader) deep(p *param, pairs []pair) (any, error) {
	root := &branch{}
	for _, m := range pairs {
		text, err := p.coded.unescape(m.value)
		if err != nil {
			return nil, err
		}
		if err := root.put(m.name[len(p.Name):], text); err != nil {
			return nil, err
		}
	}
	return r.branch(p.shape, root)
}

// branch is a node of what the brackets of deepObject make.
type branch struct {
	texts []string
	names []string // in the order of the wire
	under map[string]*branch
}

// put adds a text under a name such as [a][b].
func (b *branch) put(path, text string) error {
	for depth := 0; path != ""; depth++ {
		if depth > MaxDepth {
			return ErrTooDeep
		}
		name, rest, ok := strings.Cut(path[1:], "]")
		if path[0] != '[' || !ok {
			return fmt.Errorf("%w: the brackets of %.40q", ErrSyntax, path)
		}
		path = rest
		if name == "" && rest == "" && depth > 0 { // a[b][]=c, as some write lists
			break
		}
		if b.under == nil {
			b.under = make(map[string]*branch)
		}
		if b.under[name] == nil {
			b.under[name] = &branch{}
			b.names = append(b.names, name)
		}
		b = b.under[name]
	}
	b.texts = append(b.texts, text)
	return nil
}

func (r *reader) branch(s *shape, b *branch) (any, error) {
	return r.branches(s, func(s *shape) (any, error) {
		if b.under == nil {
			return r.leaf(s, b.texts), nil
		}
		if len(b.texts) > 0 {
			return nil, fmt.Errorf("%w: both a text and an object", ErrSyntax)
		}
		if s.allow&kindList != 0 && b.indexed() {
			return r.indexed(s, b)
		}
		members := make(map[string]any, len(b.names))
		for _, name := range b.names {
			var err error
			if members[name], err = r.branch(r.codec.shape(s.property(name)), b.under[name]); err != nil {
				return nil, err
			}
		}
		return members, nil
	})
}

func (r *reader) leaf(s *shape, texts []string) any {
	if len(texts) == 1 && (s.allow&kindList == 0 || s.allow&scalars != 0) {
		return r.scalar(s, texts[0])
	}
	items := make([]any, len(texts))
	for i, text := range texts {
		items[i] = r.scalar(r.codec.shape(s.item(i)), text)
	}
	return items
}

// indexed reports whether the names are 0, 1, 2 and so on.
func (b *branch) indexed() bool {
	for i := range b.names {
		if b.under[strconv.Itoa(i)] == nil {
			return false
		}
	}
	return true
}

func (r *reader) indexed(s *shape, b *branch) (any, error) {
	items := make([]any, len(b.names))
	for i := range items {
		var err error
		if items[i], err = r.branch(r.codec.shape(s.item(i)), b.under[strconv.Itoa(i)]); err != nil {
			return nil, err
		}
	}
	return items, nil
}
