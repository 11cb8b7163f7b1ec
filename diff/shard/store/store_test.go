package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/diff/shard/store"
)

// places are the addresses of empty stores, by kind.
var places = map[string]func(t testing.TB) string{
	"folder": func(t testing.TB) string { return filepath.Join(t.TempDir(), "made", "here") },
	"file":   func(t testing.TB) string { return "file://" + t.TempDir() },
	"topic":  topic,
}

func topic(t testing.TB) string {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "evidence"))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return "kafka://" + strings.Join(c.ListenAddrs(), ",") + "/evidence"
}

func open(t testing.TB, address string) store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func list(t testing.TB, s store.Store, prefix string) []string {
	t.Helper()
	var names []string
	for name, err := range s.List(t.Context(), prefix) {
		require.NoError(t, err)
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestEveryStoreKeepsTheFirst(t *testing.T) {
	for kind, place := range places {
		t.Run(kind, func(t *testing.T) { conform(t, place) })
	}
}

// conform is what every store passes; place returns the address of an empty one.
func conform(t *testing.T, place func(t testing.TB) string) {
	ctx := t.Context()
	t.Run("what was put is got and listed, by others too", func(t *testing.T) {
		address := place(t)
		one, two := open(t, address), open(t, address)
		large := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
		want := map[string][]byte{"run/a.partial": []byte("A"), "run/b": {0}, "other/c": large}
		for name, data := range want {
			require.NoError(t, one.Put(ctx, name, data))
		}
		for name, data := range want {
			got, err := two.Get(ctx, name)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data, got), name)
		}
		assert.Equal(t, []string{"run/a.partial", "run/b"}, list(t, two, "run/"))
		assert.Equal(t, []string{"run/a.partial"}, list(t, two, "run/a"))
		assert.Equal(t, []string{"other/c", "run/a.partial", "run/b"}, list(t, one, ""))
		assert.Empty(t, list(t, one, "none/"))
	})
	t.Run("the first writer wins", func(t *testing.T) {
		address := place(t)
		one, two := open(t, address), open(t, address)
		require.NoError(t, one.Put(ctx, "run/a", []byte("first")))
		require.ErrorIs(t, two.Put(ctx, "run/a", []byte("second")), store.ErrExists)
		got, err := two.Get(ctx, "run/a")
		require.NoError(t, err)
		assert.Equal(t, "first", string(got))
	})
	t.Run("of many at once one wins", func(t *testing.T) { race(t, place(t)) })
	t.Run("what is missing is told", func(t *testing.T) {
		_, err := open(t, place(t)).Get(ctx, "run/none")
		require.ErrorIs(t, err, store.ErrMissing)
	})
	t.Run("a bad name is refused", func(t *testing.T) {
		s := open(t, place(t))
		for _, name := range []string{"", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a b", "a\nb", strings.Repeat("a", 300)} {
			require.Error(t, s.Put(ctx, name, []byte("x")), "%q", name)
			_, err := s.Get(ctx, name)
			require.Error(t, err, "%q", name)
		}
		require.Error(t, s.Put(ctx, "empty", nil))
		assert.Empty(t, list(t, s, ""))
	})
	t.Run("a canceled call returns", func(t *testing.T) {
		s := open(t, place(t))
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, s.Put(ctx, "a", []byte("x")), context.Canceled)
		_, err := s.Get(ctx, "a")
		require.ErrorIs(t, err, context.Canceled)
	})
}

func race(t *testing.T, address string) {
	const writers = 8
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range writers {
		s := open(t, address)
		wg.Go(func() {
			switch err := s.Put(t.Context(), "run/a", fmt.Appendf(nil, "%d", i)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, store.ErrExists):
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, won.Load())
	assert.Equal(t, []string{"run/a"}, list(t, open(t, address), ""))
}

func TestAKilledWritersFileIsNoObject(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".writing-123"), []byte("half"), 0o600))
	assert.Empty(t, list(t, open(t, dir), ""))
}

func TestABadAddressIsExplained(t *testing.T) {
	tests := []struct{ address, want string }{
		{"", "no folder"},
		{"ftp://host/dir", `"ftp" is not known`},
		{"file://host/dir", "want file:///folder"},
		{"kafka://127.0.0.1:1/t?group=g", "no window and no group"},
		{"kafka:///t", "kafka URL"},
	}
	for _, tt := range tests {
		_, err := store.Open(t.Context(), tt.address)
		assert.ErrorContains(t, err, tt.want, tt.address)
	}
}
