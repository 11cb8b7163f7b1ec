package rest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// params reads the query of a request. The first mistake counts; what nobody asked
// for is one too, as a misspelt filter would show more than was meant.
type params struct {
	values url.Values
	known  []string
	err    error
}

func paramsOf(r *http.Request) *params {
	values, err := url.ParseQuery(r.URL.RawQuery)
	p := &params{values: values}
	if err != nil {
		p.err = problem(http.StatusBadRequest, "query: %v", err)
	}
	return p
}

func (p *params) fail(name, want string) {
	if p.err == nil {
		p.err = problem(http.StatusBadRequest, "query parameter %q: want %s", name, want)
	}
}

// MaxParam bounds a parameter in bytes: names of services and images are far below.
const MaxParam = 512

func (p *params) text(name string) string {
	p.known = append(p.known, name)
	values := p.values[name]
	if len(values) > 1 {
		p.fail(name, "it once")
	}
	text := p.values.Get(name)
	if len(text) > MaxParam || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		p.fail(name, "at most "+strconv.Itoa(MaxParam)+" bytes of text")
		return ""
	}
	return text
}

func (p *params) required(name string) string {
	text := p.text(name)
	if text == "" {
		p.fail(name, "a value: it is required")
	}
	return text
}

func (p *params) number(name string, least, most, otherwise int64) int64 {
	text := p.text(name)
	if text == "" && !p.values.Has(name) {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		p.fail(name, "a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
	}
	return n
}

// share reads a share of the traffic, 0 to 1.
func (p *params) share(name string) float64 {
	text := p.text(name)
	if text == "" && !p.values.Has(name) {
		return 0
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		p.fail(name, "a number from 0 to 1, such as 0.25")
	}
	return f
}

func (p *params) time(name string) time.Time {
	text := p.text(name)
	if text == "" && !p.values.Has(name) {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		p.fail(name, "a time as in 2026-11-22T08:00:00Z")
	}
	return t.UTC()
}

func (p *params) oneOf(name string, words ...string) string {
	text := p.text(name)
	if p.values.Has(name) && !slices.Contains(words, text) {
		p.fail(name, rulefile.OneOf(words))
	}
	return text
}

func (p *params) subject() release.Subject {
	return release.Subject{Service: p.text("service"), Digest: p.text("digest"), BaseDigest: p.text("base_digest")}
}

func (p *params) origin() release.Origin {
	return release.Origin{
		Branch: p.text("branch"), Commit: p.text("commit"), Pipeline: p.text("pipeline"), Job: p.text("job"), URL: p.text("url"),
	}
}

// done returns the first mistake, the parameters that nobody asked for with it.
func (p *params) done() error {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if p.err == nil && !slices.Contains(p.known, name) {
			p.err = problem(http.StatusBadRequest, "query parameter %q is not known%s", name, rulefile.DidYouMean(name, p.known))
		}
	}
	return p.err
}
