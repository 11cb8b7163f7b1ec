package main

import (
	"context"
	"fmt"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/client"
	"twinspect.dev/release/simulate"
)

// pastReader gathers what a server knows of the past of a service.
type pastReader struct {
	*client.Client
	service string
	past    simulate.Past
	oldest  time.Time // when the oldest of the releases began
}

// pastOfServer gets the newest releases of a service with all that belongs to them.
func pastOfServer(ctx context.Context, c *client.Client, service string, limit int) (simulate.Past, error) {
	r := pastReader{Client: c, service: service, past: simulate.Past{Until: time.Now().UTC()}}
	err := r.releases(ctx, limit)
	for _, read := range []func(context.Context) error{r.evidence, r.verdicts, r.overrides, r.stops} {
		if err == nil {
			err = read(ctx)
		}
	}
	return r.past, err
}

func (r *pastReader) releases(ctx context.Context, limit int) error {
	err := r.Releases(ctx, r.service, func(one release.Release) bool {
		if r.oldest.IsZero() || one.Since.Before(r.oldest) {
			r.oldest = one.Since
		}
		r.past.Releases = append(r.past.Releases, one)
		return len(r.past.Releases) < limit
	})
	if err == nil && len(r.past.Releases) == 0 {
		err = fmt.Errorf("the server knows no release of %s", r.service)
	}
	return err
}

// evidence gets that of each image. It may have been filed before the release began.
func (r *pastReader) evidence(ctx context.Context) error {
	seen := map[string]bool{}
	for i := range r.past.Releases {
		digest := r.past.Releases[i].Digest
		if seen[digest] {
			continue
		}
		seen[digest] = true
		err := r.Evidence(ctx, release.Subject{Service: r.service, Digest: digest}, "", func(e release.Evidence) bool {
			r.past.Evidence = append(r.past.Evidence, e)
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *pastReader) verdicts(ctx context.Context) error {
	return r.Verdicts(ctx, r.service, func(one release.Record) bool {
		r.past.Records = append(r.past.Records, one)
		return !one.At.Before(r.oldest)
	})
}

// overrides gets those that were in force; one that began earlier may end later.
func (r *pastReader) overrides(ctx context.Context) error {
	return r.Overrides(ctx, r.service, func(one release.Override) bool {
		if !one.Until.Before(r.oldest) {
			r.past.Overrides = append(r.past.Overrides, one)
		}
		return true
	})
}

func (r *pastReader) stops(ctx context.Context) error {
	return r.Stops(ctx, func(one release.Stop) bool {
		if one.Until.IsZero() || !one.Until.Before(r.oldest) {
			r.past.Stops = append(r.past.Stops, one)
		}
		return true
	})
}
