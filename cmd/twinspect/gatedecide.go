package main

import (
	"context"
	"time"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/policyfile"
)

func (o *gateOptions) decide(ctx context.Context, env cli.Env) (*decided, error) {
	if o.local() {
		return o.decideHere()
	}
	return o.ask(ctx, env)
}

// decideHere decides by a policy on files of evidence.
func (o *gateOptions) decideHere() (*decided, error) {
	policy, err := policyfile.Read(o.policy)
	if err != nil {
		return nil, err
	}
	evidence, err := readAllEvidence(o.evidence, o.keys)
	if err != nil {
		return nil, err
	}
	for i := range evidence {
		if e := &evidence[i]; e.Subject == (release.Subject{}) {
			e.Subject = o.subject.Subject // without an envelope it is of what the caller says
		}
	}
	v := release.Decide(policy, release.Case{
		Question: release.Question{Subject: o.subject.Subject, Weight: o.weight, At: time.Now().UTC()}, Evidence: evidence,
	})
	return &decided{&v, evidence}, nil
}
