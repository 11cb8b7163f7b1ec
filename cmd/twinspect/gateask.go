package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/gate/client"
)

// ask asks the server.
func (o *gateOptions) ask(ctx context.Context, env cli.Env) (*decided, error) {
	c, err := o.server.open(env)
	if err != nil {
		return nil, err
	}
	v, err := o.askOn(ctx, env, c)
	if err != nil {
		return nil, err
	}
	d := &decided{Verdict: v}
	if o.explain && v.Subject.Digest != "" {
		d.evidence, err = evidenceOn(ctx, c, v.Subject)
	}
	if err != nil && ctx.Err() == nil {
		// The verdict stands without what is known of its evidence.
		fmt.Fprintln(env.Stderr, "twinspect: the evidence cannot be told: "+cli.Message(err))
	}
	return d, ctx.Err()
}

// askOn asks again while the gate holds or is away, and there is time.
func (o *gateOptions) askOn(ctx context.Context, env cli.Env, c *client.Client) (*release.Verdict, error) {
	end := time.Now().Add(o.wait)
	told := ""
	for {
		v, err := c.Ask(ctx, o.subject.Subject, o.weight)
		why := waiting(v, err)
		left := time.Until(end)
		if why == "" || left <= 0 {
			return v, err
		}
		if why != told {
			told = why
			fmt.Fprintf(env.Stderr, "twinspect: %s\n", why)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(o.every, left)):
		}
	}
}

// waiting says for what it is worth while to wait, "" where nothing comes of it.
func waiting(v *release.Verdict, err error) string {
	switch {
	case errors.Is(err, client.ErrAway):
		return "waiting: " + cli.Message(err)
	case err != nil || v.Decision != release.Hold:
		return ""
	}
	return "held: " + cli.Visible(v.Reasons[0].Text)
}

// maxExplained bounds the evidence that is looked through for what a verdict rests on.
const maxExplained = 1000

// evidenceOn gets the evidence of an image.
func evidenceOn(ctx context.Context, c *client.Client, s release.Subject) (list []release.Evidence, err error) {
	err = c.Evidence(ctx, s, "", func(e release.Evidence) bool {
		list = append(list, e)
		return len(list) < maxExplained
	})
	return list, err
}
