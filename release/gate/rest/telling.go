package rest

import (
	"context"
	"net/http"
	"slices"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/store"
)

func (c *call) releases() (any, error) {
	q := paramsOf(c.Request)
	f := store.ReleaseFilter{Service: q.text("service"), Before: q.number("before", 1, 1<<62, 0), Limit: q.limit()}
	if err := q.done(); err != nil {
		return nil, err
	}
	if err := c.may(access.Read, f.Service); err != nil {
		return nil, err
	}
	return page(f.Limit, f.Before, releaseID, func(before int64, limit int) ([]release.Release, error) {
		f.Before, f.Limit = before, limit
		return c.Gate.Store().Releases(c.Context(), f)
	})
}

func (c *call) announce() (any, error) {
	var body struct {
		release.Subject
		release.Origin
		Environment string    `json:"environment"`
		At          time.Time `json:"at"`
	}
	if err := c.posted(&body); err != nil {
		return nil, err
	}
	d := release.Deployment{Subject: body.Subject, Origin: body.Origin, Environment: body.Environment, At: body.At}
	if err := c.may(access.Announce, d.Service); err != nil {
		return nil, err
	}
	r, err := c.Gate.Announce(c.Context(), c.who.Name, d)
	return reply{http.StatusCreated, r}, err
}

// posted reads the body of a call that takes no parameters.
func (c *call) posted(into any) error {
	if err := paramsOf(c.Request).done(); err != nil {
		return err
	}
	return readBody(c.w, c.Request, into)
}

func (c *call) override() (any, error) {
	var body struct {
		Service  string           `json:"service"`
		Digest   string           `json:"digest"`
		Decision release.Decision `json:"decision"`
		Reason   string           `json:"reason"`
		Until    time.Time        `json:"until"`
	}
	if err := c.posted(&body); err != nil {
		return nil, err
	}
	if err := c.may(access.Override, body.Service); err != nil {
		return nil, err
	}
	o, err := c.Gate.Override(c.Context(), c.who.Name, release.Override{
		Service: body.Service, Digest: body.Digest, Decision: body.Decision, Reason: body.Reason, Until: body.Until,
	})
	return reply{http.StatusCreated, o}, err
}

func (c *call) overrides() (any, error) {
	q := paramsOf(c.Request)
	service, before, limit := q.required("service"), q.text("before"), q.limit()
	if err := q.done(); err != nil {
		return nil, err
	}
	if err := c.may(access.Read, service); err != nil {
		return nil, err
	}
	return page(limit, before, overrideID, func(before string, limit int) ([]release.Override, error) {
		return c.Gate.Store().Overrides(c.Context(), store.OverrideFilter{Service: service, Before: before, Limit: limit})
	})
}

func (c *call) stop() (any, error) {
	var body struct {
		Services []string `json:"services"`
		Reason   string   `json:"reason"`
	}
	if err := c.posted(&body); err != nil {
		return nil, err
	}
	for _, service := range body.Services {
		if err := c.may(access.Stop, service); err != nil {
			return nil, err
		}
	}
	s, err := c.Gate.Stop(c.Context(), c.who.Name, release.Stop{Services: body.Services, Reason: body.Reason})
	return reply{http.StatusCreated, s}, err
}

func (c *call) policies() (any, error) {
	if err := paramsOf(c.Request).done(); err != nil {
		return nil, err
	}
	type policy struct {
		release.PolicyRef
		Services []string `json:"services"`
	}
	if len(c.who.Services(access.Read)) == 0 {
		return nil, c.refuse(access.Read, "")
	}
	items := []policy{}
	for _, p := range c.Gate.Policies().All() {
		if !slices.ContainsFunc(p.Services, func(service string) bool { return c.who.May(access.Read, service) }) {
			continue
		}
		items = append(items, policy{release.PolicyRef{Name: p.Name, Digest: p.Digest}, p.Services})
	}
	return list[policy]{Items: items}, nil
}

func (c *call) stops() (any, error) {
	q := paramsOf(c.Request)
	before, limit := q.text("before"), q.limit()
	if err := q.done(); err != nil {
		return nil, err
	}
	// A stop concerns all: who may read anything may read of it.
	if len(c.who.Services(access.Read)) == 0 {
		return nil, c.refuse(access.Read, "")
	}
	return page(limit, before, stopID, func(before string, limit int) ([]release.Stop, error) {
		return c.Gate.Store().Stops(c.Context(), store.StopFilter{Before: before, Limit: limit})
	})
}

func (c *call) audit() (any, error) {
	q := paramsOf(c.Request)
	f := store.AuditFilter{
		Who: q.text("who"), Action: q.text("action"), Service: q.text("service"), Object: q.text("object"),
		Since: q.time("since"), Until: q.time("until"), Before: q.number("before", 1, 1<<62, 0), Limit: q.limit(),
	}
	if err := q.done(); err != nil {
		return nil, err
	}
	if err := c.may(access.Audit, f.Service); err != nil {
		return nil, err
	}
	return page(f.Limit, f.Before, auditID, func(before int64, limit int) ([]release.AuditEntry, error) {
		f.Before, f.Limit = before, limit
		return c.Gate.Store().AuditEntries(c.Context(), f)
	})
}

func (c *call) revoke() (any, error) { return c.end(access.Override, c.Gate.Revoke) }

func (c *call) resume() (any, error) { return c.end(access.Stop, c.Gate.Resume) }

// end ends what the path names.
func (c *call) end(a access.Action, end func(ctx context.Context, who, id string, may func(string) error) error) (any, error) {
	if err := paramsOf(c.Request).done(); err != nil {
		return nil, err
	}
	err := end(c.Context(), c.who.Name, c.PathValue("id"), func(service string) error { return c.may(a, service) })
	return reply{status: http.StatusNoContent}, err
}
