package rewrite

import (
	"bytes"
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
)

// rereadFile is how often a token file is read again, as Kubernetes' own clients
// do with the tokens that it rotates.
const rereadFile = time.Minute

// static is a token that the rule file or the environment gives.
type static string

func (s static) fetch(_ context.Context, now time.Time) (*credential, error) {
	return newCredential(string(s), now, 0), nil
}

// tokenFile is the path of a file that holds a token.
type tokenFile string

func (f tokenFile) fetch(_ context.Context, now time.Time) (*credential, error) {
	data, err := readSmall(string(f))
	if err != nil {
		return nil, fmt.Errorf("read token-file: %w", err)
	}
	t := newCredential(string(bytes.TrimSpace(data)), now, 0)
	t.refresh = now.Add(rereadFile)
	return t, nil
}

// readSmall reads a file of at most maxToken bytes.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(data) > maxToken {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", maxToken)}
	}
	return data, nil
}

// command is a program that prints a token.
type command struct {
	args []string
	// every is after how long it is run again; 0: after an answer 401 only.
	every time.Duration
}

// commandGrace is how long a program may take to end after it was told to.
const commandGrace = 2 * time.Second

func (c command) fetch(ctx context.Context, now time.Time) (*credential, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.WaitDelay = commandGrace
	out := &capped{left: maxToken + 1}
	cmd.Stdout = out
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("run command: no token within %s", fetchTimeout)
	case err != nil: // tells the exit status, never what was printed
		return nil, fmt.Errorf("run command: %w", err)
	}
	t := newCredential(string(bytes.TrimSpace(out.data)), now, 0)
	if c.every > 0 {
		t.refresh = now.Add(c.every)
	}
	return t, nil
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

// clientCredentials is the grant of RFC 6749 section 4.4.
type clientCredentials struct {
	config clientcredentials.Config
	client *http.Client
}

// newTokenClient returns a client that follows no redirect: the request holds
// the secret, which is for one server.
func newTokenClient() *http.Client {
	return &http.Client{
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *clientCredentials) fetch(ctx context.Context, now time.Time) (*credential, error) {
	got, err := c.config.Token(context.WithValue(ctx, oauth2.HTTPClient, c.client))
	if err != nil {
		return nil, fmt.Errorf("token endpoint: %w", tokenError(err))
	}
	var life time.Duration
	if !got.Expiry.IsZero() {
		life = max(time.Until(got.Expiry), time.Second)
	}
	return newCredential(got.AccessToken, now, life), nil
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
		return fmt.Errorf("no answer within %s", fetchTimeout)
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
