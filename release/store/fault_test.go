package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// writerEnv makes the test binary a writer of a database, until it is killed.
const writerEnv = "TWINSPECT_STORE_WRITER"

func TestWritesOutlastAKillOnSQLite(t *testing.T) {
	if url := os.Getenv(writerEnv); url != "" {
		writer(t, url)
		return
	}
	outlastKill(t, lite(t))
}

// writer pushes and records without end, and says what was acknowledged.
func writer(t *testing.T, url string) {
	s, err := Open(t.Context(), url, Options{})
	require.NoError(t, err)
	for i := 0; ; i++ {
		e, doc := of("shop", "sha256:1", i+os.Getpid()*1_000_000)
		_, err := s.AddEvidence(t.Context(), e, doc)
		require.NoError(t, err)
		rec, _, err := s.Record(t.Context(), verdict(release.Hold, noon, release.Reason{Line: i, Evidence: e.ID}))
		require.NoError(t, err)
		fmt.Println("acknowledged", e.ID, rec.ID)
	}
}

// outlastKill kills writers (SIGKILL) at whatever they do: what was acknowledged is
// there whole, and nothing is there by half.
func outlastKill(t *testing.T, url string) {
	var evidence, records []string
	for _, acknowledged := range []int{1, 7, 20} {
		w := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestWritesOutlastAKillOnSQLite$")
		w.Env = append(os.Environ(), writerEnv+"="+url)
		out, err := w.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, w.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); {
			f := strings.Fields(lines.Text())
			if len(f) != 3 || f[0] != "acknowledged" {
				continue
			}
			evidence, records = append(evidence, f[1]), append(records, f[2])
			if n++; n == acknowledged {
				require.NoError(t, w.Process.Kill())
			}
		}
		require.ErrorContains(t, w.Wait(), "killed")
	}
	allThere(t, opened(t, url), evidence, records)
}

func allThere(t *testing.T, s *Store, evidence, records []string) {
	ctx := t.Context()
	for _, id := range evidence {
		_, err := s.Document(ctx, id)
		require.NoError(t, err)
		_, err = s.OneEvidence(ctx, id)
		require.NoError(t, err)
	}
	for _, id := range records {
		var n int
		require.NoError(t, s.row(ctx, "SELECT COUNT(*) FROM events WHERE what = 'verdict' AND object = ?", id).Scan(&n))
		require.Equal(t, 1, n)
	}
	for _, half := range []string{
		"SELECT COUNT(*) FROM documents WHERE id NOT IN (SELECT id FROM evidence)",
		"SELECT COUNT(*) FROM evidence WHERE id NOT IN (SELECT id FROM documents)",
		"SELECT COUNT(*) FROM evidence WHERE id NOT IN (SELECT object FROM events WHERE what = 'evidence')",
		"SELECT COUNT(*) FROM events WHERE what = 'evidence' AND object NOT IN (SELECT id FROM evidence)",
		"SELECT COUNT(*) FROM records WHERE CAST(id AS TEXT) NOT IN (SELECT object FROM events WHERE what = 'verdict')",
		"SELECT COUNT(*) FROM releases WHERE record <> (SELECT MAX(id) FROM records)",
	} {
		var n int
		require.NoError(t, s.row(ctx, half).Scan(&n), half)
		require.Zero(t, n, half)
	}
}

// everythingIsAway holds every operation to [ErrAway].
func everythingIsAway(t *testing.T, s *Store) {
	ctx := t.Context()
	require.ErrorIs(t, s.Ping(ctx), ErrAway)
	_, err := s.Case(ctx, question)
	require.ErrorIs(t, err, ErrAway)
	_, _, err = s.Record(ctx, verdict(release.Rollback, noon))
	require.ErrorIs(t, err, ErrAway)
	e, doc := of("shop", "sha256:1", 99)
	added, err := s.AddEvidence(ctx, e, doc)
	require.ErrorIs(t, err, ErrAway)
	require.False(t, added)
	_, err = s.Current(ctx, "shop")
	require.ErrorIs(t, err, ErrAway)
	_, err = s.Events(ctx, 0, 1)
	require.ErrorIs(t, err, ErrAway)
	require.ErrorIs(t, s.AddStop(ctx, release.Stop{ID: "s"}), ErrAway)
	_, err = s.Lease(ctx, "poll", "me", 1)
	require.ErrorIs(t, err, ErrAway)
}

func TestAFullDiskIsSaidAndTakesNothingByHalf(t *testing.T) {
	ctx, s := t.Context(), opened(t, lite(t))
	e := pushed(t, s, "shop", "sha256:1", 1)
	var pages int
	require.NoError(t, s.db.write.QueryRow("PRAGMA page_count").Scan(&pages))
	_, err := s.db.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)) // SQLITE_FULL, as a full disk
	require.NoError(t, err)
	var acknowledged []string
	for i := 2; ; i++ {
		require.Less(t, i, 10_000)
		next, doc := of("shop", "sha256:1", i)
		if _, err = s.AddEvidence(ctx, next, doc); err != nil {
			break
		}
		acknowledged = append(acknowledged, next.ID)
	}
	require.ErrorIs(t, err, ErrAway)
	_, err = s.db.write.Exec("PRAGMA max_page_count = 1000000")
	require.NoError(t, err)
	allThere(t, s, append(acknowledged, e.ID), nil)
	pushed(t, s, "shop", "sha256:1", 100_000)
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "store.db")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600))
	_, err := Open(context.Background(), "sqlite:"+file, Options{})
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = Open(context.Background(), "sqlite:"+filepath.Join(file, "below"), Options{})
	require.ErrorIs(t, err, ErrAway)
}

func TestAReadOnlyDatabaseIsSaid(t *testing.T) {
	s := opened(t, lite(t))
	pushed(t, s, "shop", "sha256:1", 1)
	_, err := s.db.write.Exec("PRAGMA query_only = 1") // SQLITE_READONLY, as a file that may not be written
	require.NoError(t, err)
	e, doc := of("shop", "sha256:1", 2)
	_, err = s.AddEvidence(t.Context(), e, doc)
	require.ErrorIs(t, err, ErrAway)
	_, err = s.Case(t.Context(), question)
	require.NoError(t, err)
}

func TestAnURLIsReadAndNeverShown(t *testing.T) {
	for _, url := range []string{
		"", "mysql://root:hunter2@db/x", "sqlite:", "sqlite::memory:", "hunter2",
		"postgres://u:hunter2@host:port/db", "postgres://u:hun/ter2@h/d", "postgres://u:p%zz@h/d", "postgres://h/d?password=hunter2&sslmode=no",
	} {
		_, err := Open(context.Background(), url, Options{})
		require.ErrorIs(t, err, ErrInvalid, url)
		require.NotContains(t, err.Error(), "ter2", url)
	}
}

func TestAFileOfAnyNameIsItsOwnersAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a ?#%41&b=é.db")
	pushed(t, opened(t, "sqlite:"+file), "shop", "sha256:1", 1)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
