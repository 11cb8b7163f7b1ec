package credentials

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/theory/jsonpath"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/replay"
	"twinspect.dev/replay/token"
)

// maxAnswer bounds the answer to a login without its content coding: 16 tokens of the
// greatest size.
const maxAnswer = 16 * token.MaxSize

// login asks the provider for a token.
type login struct {
	sender  replay.Sender
	request capture.Request
	// One of them says where the answer has the token.
	path           *jsonpath.Path
	header, cookie string
	every          time.Duration
}

// Fetch implements [token.Source].
func (l *login) Fetch(ctx context.Context, now time.Time) (*token.Token, error) {
	e := capture.Exchange{Request: l.request}
	e.Context = capture.Context{Agent: "contract-run", Connection: "login"}
	a := l.sender.Send(ctx, &replay.Ask{Recorded: &e, Session: "login", Request: l.request})
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("log in: no answer within %s", token.Timeout)
	case !a.OK():
		return nil, fmt.Errorf("log in: %s", a.Fault)
	case a.Response.Status >= http.StatusBadRequest:
		return nil, fmt.Errorf("log in: answered %d", a.Response.Status)
	}
	value, err := l.find(&a.Response)
	if err != nil {
		return nil, fmt.Errorf("log in: the answer %d %w", a.Response.Status, err)
	}
	t := token.New(value, now, 0)
	if l.every > 0 {
		t.Refresh = now.Add(l.every)
	}
	return t, nil
}

// find returns the token of an answer. The error tells nothing of what was answered.
func (l *login) find(r *capture.Response) (string, error) {
	switch {
	case l.header != "":
		if v := strings.TrimSpace(r.Header.Get(l.header)); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("has no field %s", l.header)
	case l.cookie != "":
		for _, field := range r.Header.Values("Set-Cookie") {
			if c, err := http.ParseSetCookie(field); err == nil && c.Name == l.cookie && c.Value != "" {
				return c.Value, nil
			}
		}
		return "", fmt.Errorf("sets no cookie %s", l.cookie)
	}
	return l.inBody(r)
}

func (l *login) inBody(r *capture.Response) (string, error) {
	body := r.Body
	if names := coding.Of(r.Header); len(names) > 0 {
		d := coding.Decoder{Limit: maxAnswer, Ratio: coding.TextRatio}
		var err error
		if body, err = d.Decode(nil, r.Body, names); err != nil {
			return "", errors.New("is in a content coding that cannot be undone")
		}
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(body[:min(len(body), maxAnswer)]))
	d.UseNumber()
	if d.Decode(&tree) != nil {
		return "", errors.New("is not JSON")
	}
	for _, v := range l.path.Select(tree) {
		switch v := v.(type) {
		case string:
			return v, nil
		case json.Number:
			return v.String(), nil
		}
	}
	return "", fmt.Errorf("has no text at %s", l.path)
}
