package token

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"twinspect.dev/replay/shell"
)

// rereadFile is how often a token file is read again, as Kubernetes' own clients
// do with the tokens that it rotates.
const rereadFile = time.Minute

// Static is a token that is given and stays. However it is printed, its text does
// not show.
type Static string

// Format implements [fmt.Formatter] without the token's text.
func (s Static) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[token]") }

// MarshalText gives as little, for those who print by way of it.
func (s Static) MarshalText() ([]byte, error) { return []byte("[token]"), nil }

// Fetch implements [Source].
func (s Static) Fetch(_ context.Context, now time.Time) (*Token, error) {
	return New(string(s), now, 0), nil
}

// File is the path of a file that holds a token, white space around it aside.
type File string

// Fetch implements [Source].
func (f File) Fetch(_ context.Context, now time.Time) (*Token, error) {
	data, err := ReadFile(string(f))
	if err != nil {
		return nil, fmt.Errorf("read token file: %w", err)
	}
	t := New(string(bytes.TrimSpace(data)), now, 0)
	t.Refresh = now.Add(rereadFile)
	return t, nil
}

// ReadFile reads a file of at most MaxSize bytes.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(data) > MaxSize {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", MaxSize)}
	}
	return data, nil
}

// Command is a program that prints a token, white space around it aside.
type Command struct {
	// Args are the program and its arguments; Line is for the system's shell, where
	// there are none.
	Args []string
	Line string
	// Every is after how long it is run again; 0: after an answer 401 only.
	Every time.Duration
	// Timeout is how long it may take, [Timeout] where it is 0 or longer.
	Timeout time.Duration
}

// Fetch implements [Source].
func (c Command) Fetch(ctx context.Context, now time.Time) (*Token, error) {
	limit := min(cmp.Or(c.Timeout, Timeout), Timeout)
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := c.command(within)
	out := &capped{left: MaxSize + 1}
	cmd.Stdout = out
	err := cmd.Run()
	switch {
	case within.Err() != nil:
		return nil, fmt.Errorf("run command: no token within %s", limit)
	case err != nil: // tells the exit status, never what was printed
		return nil, fmt.Errorf("run command: %w", err)
	}
	t := New(string(bytes.TrimSpace(out.data)), now, 0)
	if c.Every > 0 {
		t.Refresh = now.Add(c.Every)
	}
	return t, nil
}

func (c Command) command(ctx context.Context) *exec.Cmd {
	if len(c.Args) == 0 {
		return shell.Line(ctx, c.Line)
	}
	return shell.Args(ctx, c.Args[0], c.Args[1:]...)
}

// capped keeps the first bytes of what is written.
type capped struct {
	data []byte
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.data = append(c.data, p[:n]...)
	c.left -= n
	return len(p), nil
}

// ClientCredentials is the grant of RFC 6749 section 4.4.
type ClientCredentials struct {
	config clientcredentials.Config
	client *http.Client
}

// NewClientCredentials returns a source that asks a token endpoint. It follows no
// redirect: the request holds the secret, which is for one server.
func NewClientCredentials(config clientcredentials.Config) *ClientCredentials {
	return &ClientCredentials{config, &http.Client{
		Timeout:       Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Fetch implements [Source].
func (c *ClientCredentials) Fetch(ctx context.Context, now time.Time) (*Token, error) {
	got, err := c.config.Token(context.WithValue(ctx, oauth2.HTTPClient, c.client))
	if err != nil {
		return nil, fmt.Errorf("token endpoint: %w", tokenError(err))
	}
	var life time.Duration
	if !got.Expiry.IsZero() {
		life = max(time.Until(got.Expiry), time.Second)
	}
	return New(got.AccessToken, now, life), nil
}

// The error codes of RFC 6749 section 5.2; another text may hold anything.
var errorCodes = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
}

// tokenError tells what went wrong without what was sent and what was answered:
// endpoints are known to repeat the secret.
func tokenError(err error) error {
	var answer *oauth2.RetrieveError
	var asked *url.Error
	switch {
	case errors.As(err, &answer) && slices.Contains(errorCodes, answer.ErrorCode):
		return fmt.Errorf("answered %d, %s", statusOf(answer), answer.ErrorCode)
	case errors.As(err, &answer):
		return fmt.Errorf("answered %d", statusOf(answer))
	case errors.As(err, &asked) && asked.Timeout():
		return fmt.Errorf("no answer within %s", Timeout)
	case errors.As(err, &asked):
		return asked.Err
	}
	return errors.New("the answer holds no token (RFC 6749 section 5.1)")
}

func statusOf(e *oauth2.RetrieveError) int {
	if e.Response == nil {
		return 0
	}
	return e.Response.StatusCode
}
