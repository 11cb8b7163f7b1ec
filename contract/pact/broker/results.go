package broker

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Outcome is what the verification of one pact came to.
type Outcome struct {
	Success bool
	// Version is the provider's; Branch and Tags are where it belongs, and are told
	// to the broker before the result.
	Version, Branch string
	Tags            []string
	BuildURL        string
	// Tests is any JSON that tells of each interaction, nil for nothing.
	Tests any
}

type result struct {
	Success  bool   `json:"success"`
	Version  string `json:"providerApplicationVersion"`
	BuildURL string `json:"buildUrl,omitempty"`
	Tests    any    `json:"testResults,omitempty"`
	By       *tool  `json:"verifiedBy,omitempty"`
}

type tool struct {
	Implementation string `json:"implementation"`
	Version        string `json:"version,omitempty"`
}

// PublishResults tells the broker what came of verifying a pact that was fetched from
// it, by the pact's pb:publish-verification-results. It returns the broker's notices.
func (c *Client) PublishResults(ctx context.Context, f *Fetched, o Outcome) ([]Notice, error) {
	what := "publish the result of " + f.URL
	if o.Version == "" {
		return nil, errors.New(what + ": give the version of the provider")
	}
	to, err := f.res.link(nil, "pb:publish-verification-results")
	if err == nil && to == nil {
		err = errors.New("the pact has no link pb:publish-verification-results")
	}
	if err != nil {
		return nil, &Error{What: what, URL: f.URL, Text: err.Error(), Advice: "get the pact from the broker by one of its own links"}
	}
	root, err := c.root(ctx)
	if err != nil {
		return nil, err
	}
	var notices []Notice
	if err := c.describe(ctx, root, version{name: f.Pact.Provider, number: o.Version, branch: o.Branch, tags: o.Tags}, &notices); err != nil {
		return notices, err
	}
	body := result{Success: o.Success, Version: o.Version, BuildURL: o.BuildURL, Tests: o.Tests}
	if c.cfg.Tool != "" {
		body.By = &tool{c.cfg.Tool, c.cfg.ToolVersion}
	}
	a, err := c.send(ctx, what, http.MethodPost, to, body)
	if err != nil {
		return notices, err
	}
	return append(notices, c.noticesOf(a.body)...), nil
}

// Answer is whether a version may be deployed.
type Answer string

// The answers. Unknown is that of a version of which nothing failed and a verification
// is missing.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Deployable is whether a version may be deployed, and why.
type Deployable struct {
	Answer Answer
	// Reason is the broker's, several lines.
	Reason  string
	Notices []Notice
}

// Target says where a version is to be deployed: to an environment, or to where
// versions with a tag are, for brokers that record no deployments.
type Target struct{ Environment, Tag string }

// CanIDeploy asks whether a version is compatible with all that runs at the target.
func (c *Client) CanIDeploy(ctx context.Context, name, number string, to Target) (*Deployable, error) {
	what := "ask whether " + name + " " + number + " may be deployed"
	rel := "pb:can-i-deploy-pacticipant-version-to-environment"
	if to.Environment == "" {
		rel = "pb:can-i-deploy-pacticipant-version-to-tag"
	}
	if name == "" || number == "" || (to.Environment == "") == (to.Tag == "") {
		return nil, errors.New("ask whether a version may be deployed: give its name, its number, and an environment or a tag")
	}
	root, err := c.root(ctx)
	if err != nil {
		return nil, err
	}
	u, err := root.link(map[string]string{"pacticipant": name, "version": number, "environment": to.Environment, "tag": to.Tag}, rel)
	if err == nil && u == nil {
		err = errors.New("this broker has no " + rel)
	}
	if err != nil {
		return nil, &Error{What: what, URL: c.index.String(), Text: err.Error()}
	}
	a, err := c.do(ctx, call{what: what, method: http.MethodGet, url: u})
	if err != nil {
		return nil, err
	}
	var r struct {
		Summary *summary `json:"summary"`
	}
	if err := json.Unmarshal(a.body, &r); err != nil || r.Summary == nil {
		return nil, &Error{What: what, Status: a.status, URL: u.String(), Text: "the answer has no summary"}
	}
	return &Deployable{Answer: r.Summary.answer(), Reason: cut(plain(c.scrub(r.Summary.Reason)), maxSaid), Notices: c.noticesOf(a.body)}, nil
}

// summary is the broker's of the verifications that count.
type summary struct {
	Deployable *bool  `json:"deployable"`
	Reason     string `json:"reason"`
	Failed     int    `json:"failed"`
}

// answer is what a summary comes to: brokers say null as soon as one verification is
// missing, whatever became of the others.
func (s *summary) answer() Answer {
	switch {
	case s.Deployable == nil && s.Failed == 0:
		return Unknown
	case s.Deployable != nil && *s.Deployable:
		return Yes
	}
	return No
}
