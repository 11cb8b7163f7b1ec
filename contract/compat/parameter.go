package compat

import (
	"slices"
	"strings"

	"twinspect.dev/contract/openapi"
)

// parameters compares what is sent beside the body. Parameters of the path are the
// same where they stand at the same place in it, whatever their names.
func (d *documents) parameters(a, b *openapi.Operation, s site) {
	s.direction = InRequest
	names := renamed(a.Path, b.Path)
	met := make(map[*openapi.Parameter]bool)
	var lost []*openapi.Parameter
	for _, p := range a.Parameters {
		name := p.Name
		if p.In == "path" && names[name] != "" {
			name = names[name]
		}
		other := parameterOf(b.Parameters, p.In, name)
		if other == nil {
			lost = append(lost, p)
			continue
		}
		met[other] = true
		s.at = at(p.In, p.Name)
		d.parameter(p, other, s)
	}
	for _, p := range lost {
		s.at = at(p.In, p.Name)
		i := slices.IndexFunc(b.Parameters, func(o *openapi.Parameter) bool { return !met[o] && o.Name == p.Name })
		if i >= 0 {
			met[b.Parameters[i]] = true
			d.tell(parameterMoved, s, p.Place, b.Parameters[i].Place, p.Name+" went from "+p.In+" to "+b.Parameters[i].In)
			continue
		}
		d.tell(parameterRemoved, s, p.Place, b.Place, "the "+p.In+" parameter "+p.Name+" was removed")
	}
	for _, p := range b.Parameters {
		if met[p] {
			continue
		}
		s.at = at(p.In, p.Name)
		d.tell(pick(p.Required, parameterRequired, parameterOptional), s, a.Place, p.Place, "the "+p.In+" parameter "+p.Name+" was added")
	}
}

// renamed returns the new names of the parameters of a path by the old ones.
func renamed(old, next string) map[string]string {
	before, after := templateNames(old), templateNames(next)
	names := make(map[string]string)
	for i := range min(len(before), len(after)) {
		names[before[i]] = after[i]
	}
	return names
}

func templateNames(path string) []string {
	parts := strings.Split(path, "{")
	var names []string
	for _, part := range parts[1:] {
		if name, _, ok := strings.Cut(part, "}"); ok {
			names = append(names, name)
		}
	}
	return names
}

func parameterOf(list []*openapi.Parameter, in, name string) *openapi.Parameter {
	for _, p := range list {
		if p.In == in && (p.Name == name || in == "header" && strings.EqualFold(p.Name, name)) {
			return p
		}
	}
	return nil
}

func (d *documents) parameter(a, b *openapi.Parameter, s site) {
	if a.Required != b.Required {
		d.tell(pick(b.Required, parameterNeeded, parameterNotNeeded), s, a.Place, b.Place, "required is "+show(b.Required))
	}
	if a.Deprecated != b.Deprecated {
		d.tell(pick(b.Deprecated, parameterDeprecated, parameterReactivated), s, a.Place, b.Place, "deprecated is "+show(b.Deprecated))
	}
	if a.AllowEmpty && !b.AllowEmpty {
		d.tell(parameterEmpty, s, a.Place, b.Place, "it may not be empty any longer")
	}
	switch {
	case a.MediaType != b.MediaType:
		d.tell(parameterMedia, s, a.Place, b.Place, changed("the media type", a.MediaType, b.MediaType))
		return
	case a.MediaType == "" && d.styled(a, b):
		d.tell(parameterStyle, s, a.Place, b.Place, "the style was "+style(a)+" and is "+style(b))
	}
	next := b.Schema
	if d.repeatable(a, b) {
		next = next.Join("items")
	}
	d.schemas(a.Schema, next, s, a.MediaType == "")
}

// repeatable reports whether a parameter with one value may now be repeated: a list
// of one value is written as the value alone (RFC 6570 section 3.2.8).
func (d *documents) repeatable(a, b *openapi.Parameter) bool {
	before, ok := d.old.at(a.Schema)
	after, fine := d.next.at(b.Schema)
	if !ok || !fine || b.MediaType != "" || !b.Explode || b.Style != "form" {
		return false
	}
	old, next := d.old.view(before), d.next.view(after)
	return old.types != 0 && old.types&(array|object) == 0 && next.types&^null == array &&
		!next.limits[minItems].set && len(next.prefix) == 0
}

func style(p *openapi.Parameter) string { return p.Style + pick(p.Explode, " exploded", "") }

// styled reports whether values are written in another way. Explode does not matter
// to values that have no parts.
func (d *documents) styled(a, b *openapi.Parameter) bool {
	if a.Style != b.Style {
		return true
	}
	src, ok := d.old.at(a.Schema)
	return a.Explode != b.Explode && (!ok || d.old.view(src).types.all()&(array|object) != 0)
}

// responses compares the answers.
func (d *documents) responses(a, b *openapi.Operation, s site) {
	s.direction = InResponse
	for _, r := range a.Responses {
		s.status = r.Status
		other := responseOf(b.Responses, r.Status)
		if other == nil {
			d.tell(pick(success(r.Status), statusRemoved, errorRemoved), s, r.Place, b.Place, "the status "+r.Status+" was removed")
			continue
		}
		d.response(r, other, s)
	}
	for _, r := range b.Responses {
		s.status = r.Status
		if responseOf(a.Responses, r.Status) == nil {
			d.tell(pick(success(r.Status), statusAdded, errorAdded), s, a.Place, r.Place, "the status "+r.Status+" was added")
		}
	}
}

func success(status string) bool { return strings.HasPrefix(status, "2") }

// responseOf returns what is said of a status: by itself, by its class, by default.
func responseOf(list []*openapi.Response, status string) *openapi.Response {
	for _, want := range []string{status, status[:1] + "XX", "default"} {
		for _, r := range list {
			if r.Status == want {
				return r
			}
		}
	}
	return nil
}

func (d *documents) response(a, b *openapi.Response, s site) {
	d.headers(a, b, s)
	s.at = "body"
	switch {
	case len(a.Media) == 0 && len(b.Media) == 0:
	case len(a.Media) == 0:
		d.tell(responseBodyAdded, s, a.Place, b.Place, "it has a body")
	case len(b.Media) == 0:
		d.tell(responseBodyRemoved, s, a.Place, b.Place, "it has no body any longer")
	default:
		d.media(a.Media, b.Media, s, a.Place, b.Place, responseMediaRemoved, responseMediaAdded)
	}
}

func (d *documents) headers(a, b *openapi.Response, s site) {
	for _, h := range a.Headers {
		s.at = at("header", h.Name)
		other := parameterOf(b.Headers, "header", h.Name)
		switch {
		case other == nil:
			d.tell(pick(h.Required, headerRemoved, headerOptionalRemoved), s, h.Place, b.Place, "the header "+h.Name+" was removed")
			continue
		case h.Required != other.Required:
			d.tell(pick(h.Required, headerNotPromised, headerPromised), s, h.Place, other.Place, "required is "+show(other.Required))
		}
		if h.MediaType == other.MediaType {
			d.schemas(h.Schema, other.Schema, s, h.MediaType == "")
		}
	}
	for _, h := range b.Headers {
		if parameterOf(a.Headers, "header", h.Name) == nil {
			s.at = at("header", h.Name)
			d.tell(headerAdded, s, a.Place, h.Place, "the header "+h.Name+" was added")
		}
	}
}
