package broker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"twinspect.dev/contract/pact"
)

// Selector says which versions of consumers count, as the broker documents of
// consumerVersionSelectors (https://docs.pact.io/selectors).
type Selector struct {
	MainBranch         bool   `json:"mainBranch,omitempty"`
	Branch             string `json:"branch,omitempty"`
	MatchingBranch     bool   `json:"matchingBranch,omitempty"`
	FallbackBranch     string `json:"fallbackBranch,omitempty"`
	DeployedOrReleased bool   `json:"deployedOrReleased,omitempty"`
	Deployed           bool   `json:"deployed,omitempty"`
	Released           bool   `json:"released,omitempty"`
	Environment        string `json:"environment,omitempty"`
	Tag                string `json:"tag,omitempty"`
	FallbackTag        string `json:"fallbackTag,omitempty"`
	Latest             bool   `json:"latest,omitempty"`
	Consumer           string `json:"consumer,omitempty"`
}

// Query asks for the pacts that a provider has to keep.
type Query struct {
	Provider string
	// Selectors are what the broker chooses by default where there are none.
	Selectors []Selector
	// Branch and Tags are those of the provider's version that is verified: whether
	// a pact is pending depends on them.
	Branch string
	Tags   []string
	// Pending asks which pacts are pending: that the provider has never kept. WIP,
	// a date as 2026-01-31, adds what consumers work on since.
	Pending bool
	WIP     string
}

// Listed is a pact that is to be verified.
type Listed struct {
	URL, Name    string
	Pending, WIP bool
	Notices      []Notice
}

// Fetched is a pact with what the broker says of it.
type Fetched struct {
	Listed
	Pact *pact.Pact
	// Content is the pact as the broker gave it.
	Content []byte
	res     *resource
}

// Fetch lists the pacts and gets each. The first that cannot be got ends it.
func (c *Client) Fetch(ctx context.Context, q Query) ([]*Fetched, error) {
	list, err := c.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]*Fetched, 0, len(list))
	for _, l := range list {
		f, err := c.Get(ctx, l)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// Get gets one pact, listed or given by its URL alone, as a webhook tells it.
func (c *Client) Get(ctx context.Context, l Listed) (*Fetched, error) {
	what := "get the pact " + cmp.Or(l.Name, l.URL)
	u, err := url.Parse(l.URL)
	if err != nil || u.User != nil {
		return nil, errors.New("get a pact: its URL is none, or holds credentials")
	}
	a, err := c.do(ctx, call{what: what, method: http.MethodGet, url: u})
	if err != nil {
		return nil, err
	}
	p, err := pact.Read(bytes.NewReader(a.body), l.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return &Fetched{Listed: l, Pact: p, Content: a.body, res: a.resource}, nil
}

// List asks pb:provider-pacts-for-verification, or by older relations where the
// broker does not have that. The pacts are sorted by name and URL, each there once.
func (c *Client) List(ctx context.Context, q Query) ([]Listed, error) {
	if q.Provider == "" {
		return nil, errors.New("list the pacts: give the provider's name")
	}
	root, err := c.root(ctx)
	if err != nil {
		return nil, err
	}
	vars := map[string]string{"provider": q.Provider}
	to, err := root.link(vars, "pb:provider-pacts-for-verification", "beta:provider-pacts-for-verification")
	if err != nil {
		return nil, &Error{What: "list the pacts of " + q.Provider, URL: c.index.String(), Text: err.Error()}
	}
	var list []Listed
	if to != nil {
		list, err = c.forVerification(ctx, to, &q)
	} else {
		list, err = c.byRelations(ctx, root, &q)
	}
	if err != nil {
		return nil, err
	}
	if len(list) > maxPacts {
		return nil, &Error{What: "list the pacts of " + q.Provider, URL: c.index.String(), Text: fmt.Sprintf("there are more than %d", maxPacts), Advice: "select fewer"}
	}
	slices.SortStableFunc(list, func(a, b Listed) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URL, b.URL))
	})
	return slices.CompactFunc(list, func(a, b Listed) bool { return a.URL == b.URL }), nil
}

type selection struct {
	Selectors []Selector `json:"consumerVersionSelectors,omitempty"`
	Branch    string     `json:"providerVersionBranch,omitempty"`
	Tags      []string   `json:"providerVersionTags,omitempty"`
	Pending   bool       `json:"includePendingStatus"`
	WIP       string     `json:"includeWipPactsSince,omitempty"`
}

func (c *Client) forVerification(ctx context.Context, to *url.URL, q *Query) ([]Listed, error) {
	what := "list the pacts of " + q.Provider
	a, err := c.send(ctx, what, http.MethodPost, to, selection{q.Selectors, q.Branch, q.Tags, q.Pending, q.WIP})
	if err != nil {
		return nil, err
	}
	var r struct {
		Embedded struct {
			Pacts []struct {
				Properties struct {
					Pending bool     `json:"pending"`
					WIP     bool     `json:"wip"`
					Notices []Notice `json:"notices"`
				} `json:"verificationProperties"`
				Links map[string]links `json:"_links"`
			} `json:"pacts"`
		} `json:"_embedded"`
	}
	if err := json.Unmarshal(a.body, &r); err != nil {
		return nil, &Error{What: what, Status: a.status, URL: to.String(), Text: "the answer is no list of pacts"}
	}
	var out []Listed
	for i := range r.Embedded.Pacts {
		p := &r.Embedded.Pacts[i]
		self := (&resource{at: a.at, links: p.Links})
		u, err := self.link(nil, "self")
		if err != nil || u == nil {
			return nil, &Error{What: what, URL: to.String(), Text: "a pact in the list has no link to itself"}
		}
		out = append(out, Listed{URL: u.String(), Name: plain(p.Links["self"][0].Name), Pending: p.Properties.Pending, WIP: p.Properties.WIP, Notices: c.clean(p.Properties.Notices)})
	}
	return out, nil
}
