package client_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/client"
)

// busy is a server that has no time, some times, and answers with an empty object then.
type busy struct {
	times  int
	status int
	after  func() string // the Retry-After
	bodies []string
}

func (b *busy) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	b.bodies = append(b.bodies, string(body))
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}
	if len(b.bodies) <= b.times {
		answer.StatusCode = b.status
		if b.after != nil {
			answer.Header.Set("Retry-After", b.after())
		}
	}
	return answer, nil
}

func asking(t *testing.T, b *busy) *client.Client {
	c, err := client.New(client.Config{URL: "http://gate.example", Token: token, Transport: b})
	require.NoError(t, err)
	return c
}

func always(text string) func() string { return func() string { return text } }

func TestABusyServerIsLetAloneForAsLongAsItAsks(t *testing.T) {
	for name, c := range map[string]struct {
		busy  busy
		sent  int
		waits time.Duration
		away  bool
	}{
		"seconds":            {busy{times: 1, status: 503, after: always("5")}, 2, 5 * time.Second, false},
		"a date":             {busy{times: 1, status: 429, after: func() string { return time.Now().Add(7 * time.Second).UTC().Format(http.TimeFormat) }}, 2, 7 * time.Second, false},
		"a date that passed": {busy{times: 1, status: 429, after: always("Sun, 06 Nov 1994 08:49:37 GMT")}, 2, 0, false},
		"nothing said":       {busy{times: 2, status: 503}, 3, 3 * time.Second, false},
		"nonsense":           {busy{times: 2, status: 503, after: always("-1s")}, 3, 3 * time.Second, false},
		"a day":              {busy{times: 2, status: 503, after: always("86400")}, 3, 20 * time.Second, false},
		"for ever":           {busy{times: 99, status: 429, after: always("5")}, 3, 10 * time.Second, true},
		"broken":             {busy{times: 99, status: 500}, 1, 0, true},
		"not behind a proxy": {busy{times: 99, status: 502}, 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := asking(t, &c.busy).Push(t.Context(), []byte("document"), release.Subject{Service: "catalog"}, release.Origin{})
				if c.away {
					require.ErrorIs(t, err, client.ErrAway)
				} else {
					require.NoError(t, err)
				}
				assert.Equal(t, c.waits, time.Since(began))
				require.Len(t, c.busy.bodies, c.sent)
				for _, body := range c.busy.bodies {
					assert.Equal(t, "document", body, "all of it is sent each time")
				}
			})
		})
	}
}

// What would be done twice is a person's to ask for again.
func TestOnlyWhatChangesNothingTheSecondTimeIsSentAgain(t *testing.T) {
	for name, c := range map[string]struct {
		call func(ctx context.Context, c *client.Client) error
		sent int
	}{
		"list": {func(ctx context.Context, c *client.Client) error {
			return c.Stops(ctx, func(release.Stop) bool { return true })
		}, 3},
		"revoke":   {func(ctx context.Context, c *client.Client) error { return c.Revoke(ctx, "ov_1") }, 3},
		"resume":   {func(ctx context.Context, c *client.Client) error { return c.Resume(ctx, "st_1") }, 3},
		"document": {func(ctx context.Context, c *client.Client) error { return c.Document(ctx, io.Discard, "sha256:1") }, 3},
		"stop": {func(ctx context.Context, c *client.Client) error {
			_, err := c.Stop(ctx, []string{"*"}, "fire")
			return err
		}, 1},
		"override": {func(ctx context.Context, c *client.Client) error {
			_, err := c.Override(ctx, release.Override{})
			return err
		}, 1},
		"announce": {func(ctx context.Context, c *client.Client) error {
			_, err := c.Announce(ctx, release.Deployment{})
			return err
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &busy{times: 99, status: 503, after: always("1")}
				require.ErrorIs(t, c.call(t.Context(), asking(t, b)), client.ErrAway)
				assert.Len(t, b.bodies, c.sent)
			})
		})
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	list := func(ctx context.Context, t *testing.T) (took time.Duration, err error) {
		began := time.Now()
		err = asking(t, &busy{times: 99, status: 503, after: always("5")}).Stops(ctx, func(release.Stop) bool { return true })
		return time.Since(began), err
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		took, err := list(ctx, t)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 2*time.Second, took)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		took, err := list(ctx, t)
		require.ErrorIs(t, err, client.ErrAway, "what the server said is told at once")
		assert.Zero(t, took)
	})
}
