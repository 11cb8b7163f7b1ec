//go:build e2e

package store

import (
	"context"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	postgresstand "twinspect.dev/fixtures/stand/postgres"
)

func server(t testing.TB) *postgresstand.Server {
	t.Helper()
	if err := postgresstand.Available(); err != nil {
		t.Skip(err)
	}
	s, err := postgresstand.Start(t.Context(), postgresstand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// databases are schemas of one database, which are made in no time.
func databases(s *postgresstand.Server) database {
	var made atomic.Int64
	return func(t testing.TB) string {
		c, err := pgx.Connect(t.Context(), s.URL())
		require.NoError(t, err)
		defer c.Close(t.Context())
		title := fmt.Sprintf("test%d", made.Add(1))
		_, err = c.Exec(t.Context(), "CREATE SCHEMA "+title)
		require.NoError(t, err)
		return s.URL() + "&search_path=" + title
	}
}

func TestPostgres(t *testing.T) {
	p := server(t)
	db := databases(p)
	conform(t, db)
	t.Run("writes outlast a kill of the writer", func(t *testing.T) { outlastKill(t, db(t)) })
	t.Run("no error shows a password", func(t *testing.T) { noPassword(t, p) })
	t.Run("a server that hangs is left with the context", func(t *testing.T) { hang(t, p, db) })
	t.Run("a server that is away is said, and comes back", func(t *testing.T) { away(t, p, db) })
}

func away(t *testing.T, p *postgresstand.Server, db database) {
	ctx, s := t.Context(), opened(t, db(t))
	e := pushed(t, s, "shop", "sha256:1", 1)
	promote := verdict("promote", noon)
	_, _, err := s.Record(ctx, promote)
	require.NoError(t, err)
	p.Kill()
	everythingIsAway(t, s)
	_, err = Open(ctx, p.URL(), Options{})
	require.ErrorIs(t, err, ErrAway)
	require.NotContains(t, err.Error(), "stand-password")

	require.NoError(t, p.Restart(ctx))
	require.NoError(t, s.Ping(ctx))
	_, err = s.Document(ctx, e.ID)
	require.NoError(t, err)
	_, changed, err := s.Record(ctx, promote)
	require.NoError(t, err)
	require.False(t, changed)
	pushed(t, s, "shop", "sha256:1", 2)
}

func hang(t *testing.T, p *postgresstand.Server, db database) {
	s := opened(t, db(t))
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, p.Pause())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.Case(ctx, question)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, ErrAway)
	require.NoError(t, p.Resume())
	require.NoError(t, s.Ping(t.Context()))
}

func noPassword(t *testing.T, p *postgresstand.Server) {
	wrong, err := url.Parse(p.URL())
	require.NoError(t, err)
	wrong.User = url.UserPassword("stand", "hunter2")
	_, err = Open(t.Context(), wrong.String(), Options{})
	require.ErrorIs(t, err, ErrAway)
	require.NotContains(t, err.Error(), "hunter2")
}

func BenchmarkPostgres(b *testing.B) { benchmark(b, databases(server(b))(b)) }
