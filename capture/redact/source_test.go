package redact_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/redact"
)

func list(exchanges []*capture.Exchange) capture.Source {
	return capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(exchanges) == 0 {
			return io.EOF
		}
		*e, exchanges = *exchanges[0].Clone(), exchanges[1:]
		return nil
	})
}

func TestSourceKeepsTheContract(t *testing.T) {
	r := redactor(t, redact.Defaults())
	want := capturetest.Samples()
	for _, e := range want {
		r.Redact(e)
	}
	capturetest.TestSource(t, func(testing.TB) capture.Source {
		return redact.NewSource(r, list(capturetest.Samples()))
	}, want)
}

func TestReloadHoldsFromTheNextExchange(t *testing.T) {
	e := request("/", "", "", capture.Field{Name: "X-Own", Value: "abc"})
	src := redact.NewSource(redactor(t, redact.Defaults()), list([]*capture.Exchange{e, e}))
	var got capture.Exchange
	require.NoError(t, src.ReadExchange(t.Context(), &got))
	assert.Equal(t, "abc", got.Request.Header.Get("X-Own"))
	src.SetRedactor(redactor(t, redact.Rules{Names: redact.Names{Headers: []string{"x-own"}}}))
	require.NoError(t, src.ReadExchange(t.Context(), &got))
	assert.NotEqual(t, "abc", got.Request.Header.Get("X-Own"))
}

func TestRedactorsServeManyGoroutines(t *testing.T) {
	r := redactor(t, redact.Defaults())
	want := header(t, r, "Authorization", "Bearer "+secret)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				e := request("/?token=a", "application/json", `{"token":"x","a":["b"]}`, capture.Field{Name: "Authorization", Value: "Bearer " + secret})
				r.Redact(e)
				assert.Equal(t, want, e.Request.Header.Get("Authorization"))
			}
		})
	}
	all.Wait()
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	_, err := redact.KeyFromFile(path, false)
	require.ErrorIs(t, err, os.ErrNotExist)
	first, err := redact.KeyFromFile(path, true)
	require.NoError(t, err)
	again, err := redact.KeyFromFile(path, true)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	assert.Len(t, first, 32)
	assert.NotContains(t, first.String(), string(first))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(path, []byte("short"), 0o600))
	_, err = redact.KeyFromFile(path, true)
	assert.ErrorContains(t, err, "16 to 4096 bytes")
}

func TestKeysDecideThePseudonym(t *testing.T) {
	one, err := redact.New(redact.Defaults(), nil)
	require.NoError(t, err)
	two, err := redact.New(redact.Defaults(), nil)
	require.NoError(t, err)
	a, b := header(t, one, "Authorization", "Bearer "+secret), header(t, two, "Authorization", "Bearer "+secret)
	assert.NotEqual(t, a, b)
	assert.Empty(t, two.Check(request("/", "", "", capture.Field{Name: "Authorization", Value: a})), "marks are the same under every key")
}
