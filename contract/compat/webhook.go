package compat

import "twinspect.dev/contract/openapi"

// webhook compares what two versions say of a request that the provider sends: its
// consumers read it, and the provider reads what they answer.
func (d *documents) webhook(a, b *openapi.Operation) {
	s := site{operation: a.Name, sent: true}
	d.named(a, b, s)
	d.sentParameters(a, b, s)
	d.sentBody(a, b, s)
	d.taken(a, b, s)
}

func (d *documents) sentParameters(a, b *openapi.Operation, s site) {
	s.direction = InResponse
	for _, p := range a.Parameters {
		s.at = at(p.In, p.Name)
		other := parameterOf(b.Parameters, p.In, p.Name)
		if other == nil {
			d.tell(pick(p.Required, sentParameterRemoved, sentOptionalRemoved), s, p.Place, b.Place, "the "+p.In+" parameter "+p.Name+" was removed")
			continue
		}
		if p.Required != other.Required {
			d.tell(pick(p.Required, sentNotPromised, sentPromised), s, p.Place, other.Place, "required is "+show(other.Required))
		}
		switch {
		case p.MediaType != other.MediaType:
			d.tell(sentParameterStyle, s, p.Place, other.Place, changed("the media type", p.MediaType, other.MediaType))
			continue
		case p.MediaType == "" && d.styled(p, other):
			d.tell(sentParameterStyle, s, p.Place, other.Place, "the style was "+style(p)+" and is "+style(other))
		}
		d.schemas(p.Schema, other.Schema, s, p.MediaType == "")
	}
	for _, p := range b.Parameters {
		if parameterOf(a.Parameters, p.In, p.Name) == nil {
			s.at = at(p.In, p.Name)
			d.tell(sentParameterAdded, s, a.Place, p.Place, "the "+p.In+" parameter "+p.Name+" was added")
		}
	}
}

func (d *documents) sentBody(a, b *openapi.Operation, s site) {
	s.direction, s.at = InResponse, "body"
	before, after := a.Body, b.Body
	switch {
	case before == nil && after == nil:
		return
	case before == nil:
		d.tell(sentBodyAdded, s, a.Place, after.Place, "a body was added")
		return
	case after == nil:
		d.tell(sentBodyRemoved, s, before.Place, b.Place, "the body was removed")
		return
	}
	if before.Required != after.Required {
		d.tell(pick(before.Required, sentBodyNotPromised, sentBodyPromised), s, before.Place, after.Place, "required is "+show(after.Required))
	}
	d.media(before.Media, after.Media, s, before.Place, after.Place, sentMediaRemoved, sentMediaAdded)
}

// taken compares the answers that the provider reads.
func (d *documents) taken(a, b *openapi.Operation, s site) {
	s.direction = InRequest
	for _, r := range a.Responses {
		s.status = r.Status
		other := responseOf(b.Responses, r.Status)
		if other == nil {
			d.tell(pick(success(r.Status), takenStatusRemoved, takenErrorRemoved), s, r.Place, b.Place, "the status "+r.Status+" was removed")
			continue
		}
		d.takenHeaders(r, other, s)
		d.takenBody(r, other, s)
	}
	for _, r := range b.Responses {
		s.status = r.Status
		if responseOf(a.Responses, r.Status) == nil {
			d.tell(takenStatusAdded, s, a.Place, r.Place, "the status "+r.Status+" was added")
		}
	}
}

func (d *documents) takenBody(a, b *openapi.Response, s site) {
	s.at = "body"
	switch {
	case len(a.Media) == 0 && len(b.Media) == 0:
	case len(a.Media) == 0:
		d.tell(takenBodyAdded, s, a.Place, b.Place, "a body was added")
	case len(b.Media) == 0:
		d.tell(takenBodyRemoved, s, a.Place, b.Place, "the body was removed")
	default:
		d.media(a.Media, b.Media, s, a.Place, b.Place, takenMediaRemoved, takenMediaAdded)
	}
}

func (d *documents) takenHeaders(a, b *openapi.Response, s site) {
	for _, h := range b.Headers {
		s.at = at("header", h.Name)
		other := parameterOf(a.Headers, "header", h.Name)
		switch {
		case other == nil:
			d.tell(pick(h.Required, takenHeaderNeeded, takenHeaderOptional), s, a.Place, h.Place, "the header "+h.Name+" was added")
			continue
		case h.Required != other.Required:
			d.tell(pick(h.Required, takenBecameNeeded, takenBecameOptional), s, other.Place, h.Place, "required is "+show(h.Required))
		}
		if h.MediaType == other.MediaType {
			d.schemas(other.Schema, h.Schema, s, h.MediaType == "")
		}
	}
	for _, h := range a.Headers {
		if parameterOf(b.Headers, "header", h.Name) == nil {
			s.at = at("header", h.Name)
			d.tell(takenHeaderRemoved, s, h.Place, b.Place, "the header "+h.Name+" was removed")
		}
	}
}
