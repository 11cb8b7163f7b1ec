package rest

import (
	"errors"
	"net/http"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/store"
)

// filed is the answer to a document.
type filed struct {
	Added    bool              `json:"added"`
	Evidence *release.Evidence `json:"evidence"`
}

func (c *call) push() (any, error) {
	q := paramsOf(c.Request)
	s, o := q.subject(), q.origin()
	if err := errors.Join(q.done(), wantJSON(c.Request)); err != nil {
		return nil, err
	}
	// A token that may push for this service, or, where the document says the service,
	// for any: what it says is checked once it was read.
	if err := c.may(access.Push, s.Service); err != nil {
		return nil, err
	}
	document, free, err := c.pushed()
	if err != nil {
		return nil, err
	}
	defer free()
	e, added, err := c.Gate.Push(c.Context(), c.who.Name, document, s, o)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	return reply{status, filed{added, e}}, nil
}

func (c *call) evidenceList() (any, error) {
	q := paramsOf(c.Request)
	f := store.EvidenceFilter{
		Service: q.required("service"), Digest: q.text("digest"), Kind: release.Kind(q.oneOf("kind", kinds()...)),
		Since: q.time("since"), Until: q.time("until"), Before: q.text("before"), Limit: q.limit(),
	}
	if err := q.done(); err != nil {
		return nil, err
	}
	if err := c.may(access.Read, f.Service); err != nil {
		return nil, err
	}
	return page(f.Limit, f.Before, evidenceID, func(before string, limit int) ([]release.Evidence, error) {
		f.Before, f.Limit = before, limit
		items, err := c.Gate.Store().Evidence(c.Context(), f)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil // it was forgotten, and so was what is older
		}
		return items, err
	})
}

func kinds() []string {
	var out []string
	for _, k := range release.Kinds {
		out = append(out, string(k))
	}
	return out
}

// one returns what is filed under the id of the path, if the caller may read it.
func (c *call) one() (*release.Evidence, error) {
	q := paramsOf(c.Request)
	if err := q.done(); err != nil {
		return nil, err
	}
	e, err := c.Gate.Store().OneEvidence(c.Context(), c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !c.who.May(access.Read, e.Subject.Service) {
		c.Gate.Refused(c.Context(), c.who.Name, string(access.Read), e.Subject.Service)
		return nil, store.ErrNotFound // that it exists is not theirs to know
	}
	return &e, nil
}

func (c *call) evidence() (any, error) { return c.one() }

// document answers with the bytes that were pushed.
func (c *call) document() (any, error) {
	e, err := c.one()
	if err != nil {
		return nil, err
	}
	data, err := c.Gate.Store().Document(c.Context(), e.ID)
	if err != nil {
		return nil, err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("ETag", `"`+e.ID+`"`)
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	_, _ = c.w.Write(data) // who went away reads no error
	return written, nil
}
