package credentials

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"twinspect.dev/replay/token"
)

const (
	// freshFor is how long after a renewal an answer 401 is taken to be to the token
	// before it: no request is under way longer than this without having hung.
	freshFor = 10 * time.Second
	// maxKept is how many tokens of the past are known, to be masked: with one each
	// second, more than are renewed while a request is under way and its example made.
	maxKept = 64
)

// holder keeps the token of one scheme, and of one set of scopes where they matter.
type holder struct {
	scheme *scheme
	keeper token.Keeper

	mu      sync.Mutex
	last    *token.Token
	renewed time.Time
	kept    []string
}

func newHolder(s *scheme, scopes []string) *holder {
	return &holder{scheme: s, keeper: token.Keeper{Source: shaped{s, s.given.source(scopes)}, MinAge: minAge}}
}

func (h *holder) get(ctx context.Context, now func() time.Time) (string, error) {
	t, err := h.keeper.Get(ctx, now, nil)
	if err != nil {
		return "", fmt.Errorf("credentials for %s: %w", h.scheme.Name, err)
	}
	h.keep(t)
	return t.Value, nil
}

func (h *holder) keep(t *token.Token) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == t {
		return
	}
	h.last = t
	if !slices.Contains(h.kept, t.Value) {
		h.kept = append(h.kept[max(0, len(h.kept)+1-maxKept):], t.Value)
	}
}

// renew gets another token than the last, and reports whether there is one since
// the request that was answered 401.
func (h *holder) renew(ctx context.Context, now func() time.Time) bool {
	if !h.scheme.given.renews {
		return false
	}
	h.mu.Lock()
	last := h.last
	h.mu.Unlock()
	if last == nil {
		return false
	}
	t := h.keeper.Renew(ctx, now, last)
	if t != nil {
		h.keep(t)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if t != nil {
		h.renewed = now()
	}
	return !h.renewed.IsZero() && now().Sub(h.renewed) < freshFor
}

// values returns the tokens that were given out.
func (h *holder) values() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.kept)
}

// shaped gives what a source gives as it stands in a request, after the prefix.
type shaped struct {
	scheme *scheme
	token.Source
}

// Fetch implements [token.Source].
func (s shaped) Fetch(ctx context.Context, now time.Time) (*token.Token, error) {
	got, err := s.Source.Fetch(ctx, now)
	if err != nil {
		return nil, err
	}
	t := *got
	t.Value, err = s.scheme.shape(t.Value)
	return &t, err
}

// shape returns a credential as it stands in a request, after the prefix. One that
// comes with the prefix is taken without.
func (s *scheme) shape(text string) (string, error) {
	if p := s.place.prefix; len(text) > len(p) && strings.EqualFold(text[:len(p)], p) {
		text = strings.TrimSpace(text[len(p):])
		if s.basic() {
			return text, nil
		}
	}
	switch {
	case s.basic() && !strings.Contains(text, ":"):
		return "", errors.New("there is no colon in it; it is user:password")
	case s.basic():
		return base64.StdEncoding.EncodeToString([]byte(text)), nil
	case s.place.in == "cookie" && strings.ContainsAny(text, "; ,\"\\"):
		return "", errors.New("it cannot be the value of a cookie (RFC 6265 section 4.1.1)")
	}
	return text, nil
}
