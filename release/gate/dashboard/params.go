package dashboard

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release/store"
)

// params reads the query of a page. The first mistake counts; what nobody asked for is
// one too, as a misspelt filter would show more than was meant.
type params struct {
	values url.Values
	known  []string
	err    error
}

func (v *visit) params() *params {
	values, err := url.ParseQuery(v.URL.RawQuery)
	p := &params{values: values}
	if err != nil {
		p.err = fmt.Errorf("%w: its query cannot be read", errQuery)
	}
	return p
}

func (p *params) fail(name, want string) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: %q wants %s", errQuery, name, want)
	}
}

func (p *params) text(name string) string {
	p.known = append(p.known, name)
	text := strings.TrimSpace(p.values.Get(name))
	if len(p.values[name]) > 1 || len(text) > store.MaxName || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		p.fail(name, "one text of at most "+strconv.Itoa(store.MaxName)+" bytes")
		return ""
	}
	return text
}

// oneOf reads a word; a form that was sent without a choice has it empty.
func (p *params) oneOf(name string, words ...string) string {
	text := p.text(name)
	if text != "" && !slices.Contains(words, text) {
		p.fail(name, rulefile.OneOf(words))
		return ""
	}
	return text
}

// number reads the number after which a page begins, 0 where there is none.
func (p *params) number(name string) int64 {
	text := p.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		p.fail(name, "a whole number from 1 on")
		return 0
	}
	return n
}

func (p *params) done() error {
	for name := range p.values {
		if p.err == nil && !slices.Contains(p.known, name) {
			p.err = fmt.Errorf("%w: %.100q is not known%s", errQuery, name, rulefile.DidYouMean(name, p.known))
		}
	}
	return p.err
}

// older is the address of the page that follows, with the filters of this one.
func older(path string, values url.Values, before string) string {
	next := url.Values{}
	for name, v := range values {
		if len(v) > 0 && v[0] != "" {
			next.Set(name, v[0])
		}
	}
	next.Set("before", before)
	return path + "?" + next.Encode()
}
