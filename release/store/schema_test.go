package store

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func olderSchema(t *testing.T, db database) {
	ctx, url := t.Context(), db(t)
	c, err := connect(ctx, url, Options{}.defaults())
	require.NoError(t, err)
	p, err := migrator(c)
	require.NoError(t, err)
	_, err = p.UpTo(ctx, 1)
	require.NoError(t, err)
	old := &Store{db: c, now: func() time.Time { return noon }, packer: newPacker(), summaries: newSummaries(), asks: newAsks()}
	e := pushed(t, old, "shop", "sha256:1", 1)
	require.NoError(t, c.close())

	s := opened(t, url)
	got, err := s.Case(ctx, question)
	require.NoError(t, err)
	require.Equal(t, e.ID, got.Evidence[0].ID)
	_, err = s.Document(ctx, e.ID)
	require.NoError(t, err)
	_, changed, err := s.Record(ctx, verdict("promote", noon))
	require.NoError(t, err)
	require.True(t, changed)
}

func newerSchema(t *testing.T, db database) {
	ctx, url := t.Context(), db(t)
	s := opened(t, url)
	_, err := s.exec(ctx, "INSERT INTO twinspect_schema (version_id, is_applied) VALUES (?, ?)", 999, true)
	require.NoError(t, err)
	_, err = Open(context.Background(), url, Options{})
	require.ErrorIs(t, err, ErrNewer)
}
