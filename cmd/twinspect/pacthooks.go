package main

import (
	"fmt"
	"net/http"
	"net/url"

	"twinspect.dev/contract/pact/verify"
)

// hooks makes what sets up states and makes messages, and returns what ends it.
func (r *pactRun) hooks() (func() error, error) {
	none := func() error { return nil }
	messages, err := r.hook("message-url", r.messageURL)
	if err != nil {
		return none, err
	}
	states, err := r.hook("state-url", r.stateURL)
	if err != nil {
		return none, err
	}
	if states != nil {
		r.verifier.States = states
	}
	if messages != nil {
		r.verifier.Messages = messages
	}
	if r.stateCommand == "" {
		r.assumed()
		return none, nil
	}
	command, err := verify.StartCommand(r.stateCommand, r.env.Stderr)
	if err != nil {
		return none, fmt.Errorf("--state-command: %w", err)
	}
	r.verifier.States = command
	if messages == nil {
		r.verifier.Messages = command
	}
	return command.Close, nil
}

// hook makes what posts to a URL, nil for none.
func (r *pactRun) hook(flag, text string) (*verify.HTTP, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--%s: want http://HOST/PATH or https://HOST/PATH", flag)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = r.tls.Config(); err != nil {
		return nil, err
	}
	return &verify.HTTP{URL: u, Client: &http.Client{Transport: transport}, NoTeardown: r.noTeardown}, nil
}

// assumed tells of states that nobody sets up.
func (r *pactRun) assumed() {
	if r.verifier.States != nil {
		return
	}
	n := 0
	for _, e := range r.pacts {
		for i := range e.pact.Interactions {
			if len(e.pact.Interactions[i].States) > 0 {
				n++
			}
		}
	}
	if n > 0 {
		fmt.Fprintf(r.env.Stderr, "twinspect: %d interactions have provider states, which are assumed: set them up by --state-url or --state-command\n", n)
	}
}
