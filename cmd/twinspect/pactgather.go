package main

import (
	"context"
	"errors"
	"time"

	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/broker"
)

// gather reads the pacts.
func (r *pactRun) gather(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return r.gatherFiles(args)
	}
	query, err := r.query()
	if err != nil {
		return err
	}
	if r.broker, r.evidence.Broker, err = r.brokerOptions.open(r.env, r.tls.CA); err != nil {
		return err
	}
	list, err := r.broker.Fetch(ctx, query)
	if err != nil {
		return err
	}
	for _, f := range list {
		r.pacts = append(r.pacts, expected{f.URL, f.Pact, f})
	}
	return nil
}

// ungathered tells that a broker was away as evidence: a pipeline that reads the
// report must find one, and no pass in it.
func (r *pactRun) ungathered(err error) error {
	if !broker.Unreachable(err) {
		return err
	}
	r.evidence.Ended = time.Now()
	r.evidence.Judge()
	r.evidence.Reasons = append([]string{err.Error()}, r.evidence.Reasons...)
	return errors.Join(r.tell(), undecided())
}

func (r *pactRun) gatherFiles(args []string) error {
	paths, err := pactPaths(r.env, args)
	if err != nil {
		return err
	}
	for _, path := range paths {
		p, err := pact.ReadFile(path)
		if err != nil {
			return err
		}
		r.pacts = append(r.pacts, expected{source: path, pact: p})
	}
	return nil
}
