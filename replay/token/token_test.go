package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBackoffIsBounded(t *testing.T) {
	assert.Equal(t, time.Second, backoff(0))
	assert.Equal(t, 8*time.Second, backoff(3))
	assert.Equal(t, time.Minute, backoff(1000))
}

func TestNoWayOfPrintingShowsAToken(t *testing.T) {
	for _, v := range []any{New("s3cret", time.Now(), 0), *New("s3cret", time.Now(), 0), Static("s3cret"), &Keeper{Source: Static("s3cret")}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), "s3cret", verb)
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "s3cret")
	}
}

func TestACommandEndsWithAllThatItStartedOnceItsTimeIsOver(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no process groups here")
	}
	began := time.Now()
	_, err := Command{Line: "sleep 60 | cat", Timeout: 50 * time.Millisecond}.Fetch(t.Context(), began)
	require.EqualError(t, err, "run command: no token within 50ms")
	assert.Less(t, time.Since(began), 2*time.Second, "the sleep was waited for")
}

func TestTheEndOfARunIsNoFailureOfASource(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	k := &Keeper{Source: Command{Line: "sleep 60"}}
	_, err := k.Get(ctx, time.Now, nil)
	require.ErrorIs(t, err, gone)
	_, failed := k.Counts()
	assert.Zero(t, failed)
}
