package broker

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// byRelations lists the pacts of a broker that knows no selectors: one relation for
// each selector.
func (c *Client) byRelations(ctx context.Context, root *resource, q *Query) ([]Listed, error) {
	selectors := q.Selectors
	if len(selectors) == 0 {
		selectors = []Selector{{Latest: true}}
	}
	var out []Listed
	for i := range selectors {
		s := &selectors[i]
		to, err := older(root, q.Provider, s)
		if err != nil {
			return nil, &Error{What: "list the pacts of " + q.Provider, URL: c.index.String(), Text: err.Error(),
				Advice: "select by tag or the latest, or bring the broker up to date (2.50 or later)"}
		}
		list, err := c.linked(ctx, to, q.Provider, s.Consumer)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// older finds the relation that says the same as a selector.
func older(root *resource, provider string, s *Selector) (*url.URL, error) {
	vars := map[string]string{"provider": provider, "tag": s.Tag, "branch": s.Branch}
	var rel string
	switch {
	case s.MatchingBranch || s.DeployedOrReleased || s.Deployed || s.Released || s.Environment != "" || s.FallbackBranch != "" || s.FallbackTag != "":
		return nil, fmt.Errorf("this broker knows no consumer version selectors, and nothing that says the same as {%s}", s)
	case s.MainBranch:
		rel = "pb:latest-provider-pacts-with-main-branch"
	case s.Branch != "":
		rel = "pb:latest-provider-pacts-with-branch"
	case s.Tag != "" && s.Latest:
		rel = "pb:latest-provider-pacts-with-tag"
	case s.Tag != "":
		rel = "pb:provider-pacts-with-tag"
	default:
		rel = "pb:latest-provider-pacts"
	}
	u, err := root.link(vars, rel)
	if err == nil && u == nil {
		err = fmt.Errorf("this broker has neither pb:provider-pacts-for-verification nor %s", rel)
	}
	return u, err
}

// linked lists the pacts that a resource links to, those of one consumer where it is
// given: a link's name is its consumer, the title is that of the pact.
func (c *Client) linked(ctx context.Context, to *url.URL, provider, consumer string) ([]Listed, error) {
	what := "list the pacts of " + provider
	a, err := c.do(ctx, call{what: what, method: http.MethodGet, url: to})
	if err != nil {
		return nil, err
	}
	all := a.links["pb:pacts"]
	if all == nil {
		all = a.links["pacts"] // before 1.1
	}
	var out []Listed
	for _, l := range all {
		if consumer != "" && l.Name != consumer {
			continue
		}
		u, err := a.resolve(l.Href, nil)
		if err != nil {
			return nil, &Error{What: what, URL: to.String(), Text: err.Error()}
		}
		out = append(out, Listed{URL: u.String(), Name: plain(cmp.Or(l.Title, l.Name))})
	}
	return out, nil
}

// String writes what is set, for a person.
func (s *Selector) String() string {
	var out []string
	for _, p := range []struct {
		name string
		set  bool
	}{
		{"mainBranch", s.MainBranch}, {"matchingBranch", s.MatchingBranch}, {"deployedOrReleased", s.DeployedOrReleased},
		{"deployed", s.Deployed}, {"released", s.Released}, {"latest", s.Latest},
	} {
		if p.set {
			out = append(out, p.name)
		}
	}
	for _, p := range [][2]string{
		{"branch", s.Branch}, {"fallbackBranch", s.FallbackBranch}, {"environment", s.Environment},
		{"tag", s.Tag}, {"fallbackTag", s.FallbackTag}, {"consumer", s.Consumer},
	} {
		if p[1] != "" {
			out = append(out, p[0]+"="+p[1])
		}
	}
	return strings.Join(out, " ")
}
