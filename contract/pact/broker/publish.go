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

// File is a Pact file as it is published: byte for byte.
type File struct {
	Consumer, Provider string
	Content            []byte
}

// FileOf writes a pact.
func FileOf(p *pact.Pact) (File, error) {
	var b bytes.Buffer
	if err := pact.Write(&b, p); err != nil {
		return File{}, err
	}
	return File{Consumer: p.Consumer, Provider: p.Provider, Content: b.Bytes()}, nil
}

// ParseFile reads whose pact a file is. The error is that of [pact.Read].
func ParseFile(name string, content []byte) (File, error) {
	p, err := pact.Read(bytes.NewReader(content), name)
	if err != nil {
		return File{}, err
	}
	return File{Consumer: p.Consumer, Provider: p.Provider, Content: content}, nil
}

// Publication is what is published of one version of a consumer, or of several
// consumers that are released under one version.
type Publication struct {
	Version string
	// Branch, Tags and BuildURL may be empty.
	Branch   string
	Tags     []string
	BuildURL string
	Files    []File
	// Merge adds to the interactions that were published under the same version
	// before, for tests that run in parts; else they are replaced.
	Merge bool
}

func (p *Publication) check() error {
	switch {
	case p.Version == "":
		return errors.New("publish the pacts: give the version of the consumer, which should be or have the commit in it")
	case len(p.Files) == 0:
		return errors.New("publish the pacts: there are none")
	}
	for i := range p.Files {
		if p.Files[i].Consumer == "" || p.Files[i].Provider == "" {
			return errors.New("publish the pacts: one has no name of its consumer or of its provider")
		}
	}
	return nil
}

// Published is what came of a publication.
type Published struct {
	// URLs are those of the pacts at the broker.
	URLs    []string
	Notices []Notice
}

// Publish publishes pacts by pb:publish-contracts, one request a consumer; where the
// broker does not have that, by pb:publish-pact after branch and tags. What fails is
// an [*Error], and may leave a part published: publishing again is harmless.
func (c *Client) Publish(ctx context.Context, p Publication) (*Published, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	root, err := c.root(ctx)
	if err != nil {
		return nil, err
	}
	files := slices.Clone(p.Files)
	slices.SortStableFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Consumer, b.Consumer), cmp.Compare(a.Provider, b.Provider))
	})
	all, err := root.link(nil, "pb:publish-contracts")
	if err != nil {
		return nil, &Error{What: "publish the pacts", URL: c.index.String(), Text: err.Error()}
	}
	out := new(Published)
	for len(files) > 0 {
		n := slices.IndexFunc(files, func(f File) bool { return f.Consumer != files[0].Consumer })
		if n < 0 {
			n = len(files)
		}
		p.Files = files[:n]
		if all != nil {
			err = c.publishAll(ctx, all, &p, out)
		} else {
			err = c.publishEach(ctx, root, &p, out)
		}
		if err != nil {
			return out, err
		}
		files = files[n:]
	}
	return out, nil
}

type published struct {
	Pacticipant string   `json:"pacticipantName"`
	Version     string   `json:"pacticipantVersionNumber"`
	Branch      string   `json:"branch,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	BuildURL    string   `json:"buildUrl,omitempty"`
	Contracts   []file   `json:"contracts"`
}

type file struct {
	Consumer      string `json:"consumerName"`
	Provider      string `json:"providerName"`
	Specification string `json:"specification"`
	ContentType   string `json:"contentType"`
	Content       []byte `json:"content"` // base64, as encoding/json writes bytes
	WriteMode     string `json:"writeMode"`
	OnConflict    string `json:"onConflict"` // what writeMode was called before 2.87
}

func (c *Client) publishAll(ctx context.Context, to *url.URL, p *Publication, out *Published) error {
	mode := "overwrite"
	if p.Merge {
		mode = "merge"
	}
	body := published{Pacticipant: p.Files[0].Consumer, Version: p.Version, Branch: p.Branch, Tags: p.Tags, BuildURL: p.BuildURL}
	for _, f := range p.Files {
		body.Contracts = append(body.Contracts, file{Consumer: f.Consumer, Provider: f.Provider, Specification: "pact",
			ContentType: "application/json", Content: f.Content, WriteMode: mode, OnConflict: mode})
	}
	a, err := c.send(ctx, "publish the pacts of "+p.Files[0].Consumer, http.MethodPost, to, body)
	if err != nil {
		return err
	}
	out.Notices = append(out.Notices, c.noticesOf(a.body)...)
	for _, l := range a.links["pb:contracts"] {
		out.URLs = append(out.URLs, l.Href)
	}
	return nil
}

// send sends a value as JSON.
func (c *Client) send(ctx context.Context, what, method string, to *url.URL, v any) (*answer, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return c.do(ctx, call{what: what, method: method, url: to, body: body})
}

// publishEach publishes by the older relations: the version is on its branch and has
// its tags before the pacts come, so that the broker's webhooks see them.
func (c *Client) publishEach(ctx context.Context, root *resource, p *Publication, out *Published) error {
	consumer := p.Files[0].Consumer
	if err := c.describe(ctx, root, version{consumer, p.Version, p.Branch, p.Tags, p.BuildURL}, &out.Notices); err != nil {
		return err
	}
	for _, f := range p.Files {
		what := "publish the pact of " + f.Consumer + " and " + f.Provider
		to, err := root.link(map[string]string{"provider": f.Provider, "consumer": f.Consumer, "consumerApplicationVersion": p.Version}, "pb:publish-pact")
		if err == nil && to == nil {
			err = errors.New("the broker's index has neither pb:publish-contracts nor pb:publish-pact")
		}
		if err != nil {
			return &Error{What: what, URL: c.index.String(), Text: err.Error()}
		}
		method := http.MethodPut
		if p.Merge {
			method = http.MethodPatch // merges, as the broker documents of pb:publish-pact
		}
		a, err := c.do(ctx, call{what: what, method: method, url: to, body: f.Content})
		if err != nil {
			return err
		}
		out.Notices = append(out.Notices, c.noticesOf(a.body)...)
		out.URLs = append(out.URLs, to.String())
	}
	return nil
}
