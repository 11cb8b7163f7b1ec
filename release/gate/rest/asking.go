package rest

import (
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/store"
)

func (c *call) asked() (gate.Ask, error) {
	q := paramsOf(c.Request)
	q.known = append(q.known, "service")
	ask := gate.Ask{Subject: q.subject(), Weight: q.share("weight")}
	ask.Service = q.required("service")
	if err := q.done(); err != nil {
		return ask, err
	}
	return ask, c.may(access.Ask, ask.Service)
}

func (c *call) verdict() (any, error) {
	ask, err := c.asked()
	if err != nil {
		return nil, err
	}
	return c.Gate.Ask(c.Context(), ask), nil
}

func (c *call) verdicts() (any, error) {
	q := paramsOf(c.Request)
	f := store.RecordFilter{Service: q.required("service"), Digest: q.text("digest"), Before: q.number("before", 1, 1<<62, 0), Limit: q.limit()}
	if err := q.done(); err != nil {
		return nil, err
	}
	if err := c.may(access.Read, f.Service); err != nil {
		return nil, err
	}
	return page(f.Limit, f.Before, recordID, func(before int64, limit int) ([]release.Record, error) {
		f.Before, f.Limit = before, limit
		return c.Gate.Store().Records(c.Context(), f)
	})
}
