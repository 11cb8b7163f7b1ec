package gate

import (
	"context"
	"slices"
	"strings"

	"twinspect.dev/release"
)

// Revoke takes an override back, unless may says that it is not theirs to take back.
func (g *Gate) Revoke(ctx context.Context, who, id string, may func(service string) error) error {
	o, err := g.cfg.Store.Override(ctx, id)
	if err == nil {
		err = may(o.Service)
	}
	if err != nil {
		return err
	}
	o, err = g.cfg.Store.RevokeOverride(ctx, id, g.cfg.Now().UTC())
	if err == nil {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "override", Service: o.Service, Object: id, Detail: "revoked"})
		g.cfg.Overridden(o)
	}
	return err
}

// MaxStopped is how many services a stop names at most: a person writes a few.
const MaxStopped = 100

// Stop stops all promotions of services until [Gate.Resume]: an incident is open.
func (g *Gate) Stop(ctx context.Context, who string, s release.Stop) (release.Stop, error) {
	if len(s.Services) == 0 {
		return s, invalid(`a stop needs the services that it is for; "*" is all`)
	}
	if slices.Contains(s.Services, "") {
		return s, invalid(`a stop for a service without a name stops none; "*" is all`)
	}
	if len(s.Services) > MaxStopped {
		return s, invalid("a stop names at most %d services: * stands for any text", MaxStopped)
	}
	if s.Reason == "" {
		return s, invalid("a stop needs a reason: those whose release it holds want to know why")
	}
	s.By, s.From = who, g.cfg.Now().UTC()
	s.ID = newID("st")
	err := g.cfg.Store.AddStop(ctx, s)
	if err == nil {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "stop", Service: strings.Join(s.Services, ", "), Object: s.ID, Detail: s.Reason})
		g.cfg.Stopped(s)
	}
	return s, err
}

// Resume ends a stop, unless may says of one of its services that it is not theirs.
func (g *Gate) Resume(ctx context.Context, who, id string, may func(service string) error) error {
	s, err := g.cfg.Store.Stop(ctx, id)
	for _, service := range s.Services {
		if err == nil {
			err = may(service)
		}
	}
	if err != nil {
		return err
	}
	s, err = g.cfg.Store.EndStop(ctx, id, g.cfg.Now().UTC())
	if err == nil {
		g.audit(ctx, release.AuditEntry{Who: who, Action: "stop", Service: strings.Join(s.Services, ", "), Object: id, Detail: "ended"})
		g.cfg.Stopped(s)
	}
	return err
}
