package verify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"twinspect.dev/contract/pact"
)

const (
	// maxState bounds the answer of a state change in bytes: it holds some identities.
	maxState = 1 << 20
	// maxMessage bounds a message: twice what brokers of messages take by default.
	maxMessage = 16 << 20
	// maxMetadata bounds its metadata, which is in a header; servers take less.
	maxMetadata = 1 << 20
)

// HTTP sets up states and makes messages by requests to URLs. It is a [States] and a
// [Messages].
type HTTP struct {
	// URL is where states are posted, or where messages are asked for.
	URL *url.URL
	// Client sends, http.DefaultClient where it is nil.
	Client *http.Client
	// NoTeardown posts no teardowns, for state handlers that know of none.
	NoTeardown bool
}

type stateChange struct {
	Consumer string         `json:"consumer"`
	State    string         `json:"state"`
	Params   map[string]any `json:"params"`
	Action   string         `json:"action"`
}

// Setup implements [States].
func (h *HTTP) Setup(ctx context.Context, consumer string, s pact.State) (map[string]any, error) {
	return h.change(ctx, stateChange{consumer, s.Name, s.Params, "setup"})
}

// Teardown implements [States].
func (h *HTTP) Teardown(ctx context.Context, consumer string, s pact.State) error {
	if h.NoTeardown {
		return nil
	}
	_, err := h.change(ctx, stateChange{consumer, s.Name, s.Params, "teardown"})
	return err
}

func (h *HTTP) change(ctx context.Context, c stateChange) (map[string]any, error) {
	if c.Params == nil {
		c.Params = map[string]any{}
	}
	_, body, err := h.post(ctx, c, maxState)
	if err != nil {
		return nil, fmt.Errorf("%s of the state %q: %w", c.Action, c.State, err)
	}
	return stateValues(body), nil
}

// stateValues reads the values that a state gave; what is no object gives none, as
// handlers answer all kinds of texts.
func stateValues(body []byte) map[string]any {
	v, err := pact.ParseJSON(body)
	if err != nil {
		return nil
	}
	values, _ := v.(map[string]any)
	return values
}

type named struct {
	Name   string         `json:"name"`
	Params map[string]any `json:"params,omitempty"`
}

func namedStates(all []pact.State) []named {
	out := make([]named, len(all))
	for i, s := range all {
		out[i] = named{s.Name, s.Params}
	}
	return out
}

type contents struct {
	Contents json.RawMessage `json:"contents,omitempty"`
	Metadata map[string]any  `json:"metadata,omitempty"`
}

func contentsOf(m *pact.Message) (*contents, error) {
	if m == nil {
		return nil, nil
	}
	raw := json.RawMessage(m.Body.Bytes())
	if !m.Body.IsJSON || !json.Valid(raw) {
		text, err := json.Marshal(string(raw))
		if err != nil {
			return nil, err
		}
		raw = text
	}
	return &contents{raw, m.Metadata}, nil
}

// Message implements [Messages].
func (h *HTTP) Message(ctx context.Context, a Asked) (Got, error) {
	request, err := contentsOf(a.Request)
	if err != nil {
		return Got{}, fmt.Errorf("ask for the message %q: %w", a.Description, err)
	}
	resp, body, err := h.post(ctx, struct {
		Description string    `json:"description"`
		States      []named   `json:"providerStates"`
		Request     *contents `json:"request,omitempty"`
	}{a.Description, namedStates(a.States), request}, maxMessage)
	if err != nil {
		return Got{}, fmt.Errorf("ask for the message %q: %w", a.Description, err)
	}
	got := Got{ContentType: resp.Get("Content-Type"), Body: body}
	if got.Metadata, err = metadata(resp.Get("Pact-Message-Metadata")); err != nil {
		return Got{}, fmt.Errorf("ask for the message %q: %w", a.Description, err)
	}
	return got, nil
}

// metadata reads the header Pact-Message-Metadata: JSON in base64, of either alphabet,
// padded or not.
func metadata(text string) (map[string]any, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxMetadata {
		return nil, fmt.Errorf("Pact-Message-Metadata has more than %d bytes", maxMetadata)
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		plain, err := encoding.DecodeString(text)
		if err != nil {
			continue
		}
		if out := stateValues(plain); out != nil {
			return out, nil
		}
		break
	}
	return nil, errors.New("Pact-Message-Metadata is no JSON object in base64")
}

func (h *HTTP) post(ctx context.Context, v any, limit int64) (http.Header, []byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, errors.New("the URL cannot be asked")
	}
	req.Header.Set("Content-Type", "application/json")
	client := h.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the URL, which may hold a password
		}
		return nil, nil, fmt.Errorf("%s: %w", h.URL.Redacted(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", h.URL.Redacted(), err)
	case int64(len(answer)) > limit:
		return nil, nil, fmt.Errorf("%s answered with more than %d bytes", h.URL.Redacted(), limit)
	case resp.StatusCode/100 != 2:
		return nil, nil, fmt.Errorf("%s answered %s", h.URL.Redacted(), resp.Status)
	}
	return resp.Header, answer, nil
}
