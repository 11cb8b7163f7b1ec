package rest

import (
	"context"
	"errors"
	"io"
	"net/http"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/store"
)

// pushed is the answer to a document.
type pushed struct {
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
	free, err := c.pushing(c.Context())
	if err != nil {
		return nil, err
	}
	defer free()
	document, err := io.ReadAll(http.MaxBytesReader(c.w, c.Body, intake.MaxDocument))
	if err != nil {
		return nil, unread(err)
	}
	e, added, err := c.Gate.Push(c.Context(), c.who.Name, document, s, o)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	return reply{status, pushed{added, e}}, nil
}

// unread tells a body that ended early, which is the client's fault, from one that is
// too long.
func unread(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return err
	}
	return problem(http.StatusBadRequest, "the body was cut: %v", err)
}

// MaxPushes is how many documents are in memory at once; those that come meanwhile
// wait until their time is over. Reading one takes up to 12 times its length.
const MaxPushes = 4

// pushing waits for a place. The caller gives it up with free.
func (a *API) pushing(ctx context.Context) (free func(), err error) {
	select {
	case a.pushes <- struct{}{}:
		return func() { <-a.pushes }, nil
	case <-ctx.Done():
		return nil, problem(http.StatusTooManyRequests, "many documents are being filed: try again")
	}
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
	return page(f.Limit, evidenceID)(c.Gate.Store().Evidence(c.Context(), f))
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
	if c.may(access.Read, e.Subject.Service) != nil {
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
