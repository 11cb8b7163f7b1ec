package rewrite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/token"
)

// auth is one entry of the section auth.
type auth struct {
	scope
	line    int
	kind    string
	header  string
	prefix  string
	leave   bool // requests without the field stay without
	keeper  *token.Keeper
	renews  bool    // another token can be had after an answer 401
	resigns *signer // in the place of a keeper: signs what was recorded
	reason  string
	counter
	unauthorized atomic.Uint64
	resent       atomic.Uint64
}

// use is a token that a request was given.
type use struct {
	auth  *auth
	token *token.Token
}

// Prepare fetches the first token and reads the key of every entry that is for
// one of the sides, or of all entries where no side is given, so that wrong
// credentials end a run before it begins. The error names each entry that failed
// and holds no secret.
func (r *Rules) Prepare(ctx context.Context, sides ...replay.Side) error {
	if r == nil {
		return nil
	}
	var errs []error
	for _, a := range r.auth {
		if !forAny(&a.scope, sides) {
			continue
		}
		var err error
		if a.resigns != nil {
			err = a.resigns.ready()
		} else {
			_, err = a.keeper.Get(ctx, r.now, nil)
		}
		if err != nil {
			errs = append(errs, r.authError(a, err))
		}
	}
	return errors.Join(errs...)
}

func forAny(s *scope, sides []replay.Side) bool {
	for _, side := range sides {
		if s.holds(side) {
			return true
		}
	}
	return len(sides) == 0
}

func (r *Rules) authError(a *auth, err error) error {
	return fmt.Errorf("%s: auth by %s: %w", r.where(a.line), a.kind, err)
}

// authorized gives the request its tokens and sends it.
func (s *sender) authorized(ctx context.Context, ask *replay.Ask, d *draft, now time.Time) replay.Answer {
	used, err := s.authorize(ctx, &ask.Recorded.Request, d, now)
	if err != nil {
		return s.unsent(ctx, ask, d, err)
	}
	request := ask.Request
	a := s.next.Send(ctx, ask)
	if isRefused(ask, &a) && s.renew(ctx, used, d, request) && replay.Idempotent(request.Method) {
		for _, u := range used {
			u.auth.resent.Add(1)
		}
		a = s.next.Send(ctx, ask)
	}
	d.withhold(&a)
	return a
}

// isRefused reports whether the side says that the credentials are not valid. A
// 401 that was recorded too says nothing of the token.
func isRefused(ask *replay.Ask, a *replay.Answer) bool {
	const unauthorized = 401 // RFC 9110 section 15.5.2
	return a.OK() && a.Response.Status == unauthorized && ask.Recorded.Response.Status != unauthorized
}

// authorize sets the fields of the entries that are for the request. The first
// entry of a field is the one for it.
func (s *sender) authorize(ctx context.Context, recorded *capture.Request, d *draft, now time.Time) ([]use, error) {
	var used []use
	var done []string
	for _, a := range s.auth {
		if !matchesRequest(&a.scope, recorded) {
			continue
		}
		if containsFold(done, a.header) {
			a.add(Overruled)
			continue
		}
		done = append(done, a.header)
		if a.leave && !d.req.Header.Has(a.header) {
			a.add(Absent)
			continue
		}
		t, left, err := s.tokenFor(ctx, a, recorded, now)
		if err != nil {
			a.add(Unavailable)
			return nil, s.rules.authError(a, err)
		}
		a.add(left)
		if left == "" {
			s.give(d, a, t)
			used = append(used, use{a, t})
		}
	}
	return used, nil
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// give sets the field of the entry.
func (s *sender) give(d *draft, a *auth, t *token.Token) {
	value := a.prefix + t.Value
	_ = d.setHeader(a.header, value)
	d.secrets = append(d.secrets, secret{a.header, value, a.prefix + "[set by " + s.rules.where(a.line) + "]"})
}

func (s *sender) tokenFor(ctx context.Context, a *auth, recorded *capture.Request, now time.Time) (*token.Token, capture.Reason, error) {
	if s.rules.offline {
		return &token.Token{Value: "[set by " + s.rules.where(a.line) + "]", Fetched: now}, "", nil
	}
	if a.resigns == nil {
		t, err := a.keeper.Get(ctx, s.rules.now, nil)
		return t, "", err
	}
	value := recorded.Header.Get(a.header)
	switch {
	case value == "":
		return nil, Absent, nil
	case recorded.Start.IsZero():
		return nil, NoRecordedTime, nil
	case len(value) < len(a.prefix) || !strings.EqualFold(value[:len(a.prefix)], a.prefix):
		return nil, NotToken, nil
	}
	text, left, err := a.resigns.resign(strings.TrimSpace(value[len(a.prefix):]), now.Sub(recorded.Start), now)
	return &token.Token{Value: text, Fetched: now}, left, err
}

// renew gets other tokens after an answer 401 and makes the request anew with
// them. It reports whether there is one.
func (s *sender) renew(ctx context.Context, used []use, d *draft, request capture.Request) bool {
	*d.req = request
	renewed := false
	for i := range used {
		u := &used[i]
		u.auth.unauthorized.Add(1)
		if !u.auth.renews {
			continue
		}
		if t := u.auth.keeper.Renew(ctx, s.rules.now, u.token); t != nil {
			u.token, renewed = t, true
			s.give(d, u.auth, t)
		}
	}
	return renewed
}

// withhold hides the credentials in the request that the answer holds.
func (d *draft) withhold(a *replay.Answer) {
	if len(d.secrets) == 0 {
		return
	}
	out := append(capture.Header(nil), a.Request.Header...)
	for i := range out {
		for _, s := range d.secrets {
			if out[i].Value == s.value && strings.EqualFold(out[i].Name, s.name) {
				out[i].Value = s.instead
			}
		}
	}
	a.Request.Header = out
}

// unsent is the answer to a request for which there was no token.
func (s *sender) unsent(ctx context.Context, ask *replay.Ask, d *draft, err error) replay.Answer {
	now := s.rules.now()
	a := replay.Answer{Request: ask.Request, Fault: replay.Failed, Err: err.Error()}
	if ctx.Err() != nil {
		a.Fault = replay.Canceled
	}
	a.Request.Start = now
	a.Response.Incomplete, a.Response.BodySize = capture.Unseen, -1
	a.Response.End = now
	d.withhold(&a)
	return a
}
