package store

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// noon is when the tests happen.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var question = release.Question{Subject: release.Subject{Service: "shop", Digest: "sha256:1"}, At: noon}

// database makes a new database and returns its URL.
type database func(t testing.TB) string

func lite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "store.db") }

func opened(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// of is evidence of a service and an image, with its document.
func of(service, digest string, number int) (*release.Evidence, []byte) {
	doc, _ := json.Marshal(map[string]any{"service": service, "digest": digest, "number": number, "text": strings.Repeat("same ", 50)})
	return &release.Evidence{
		Kind: release.Diff, Schema: "twinspect.dev/evidence/diff", Version: "1.0",
		Subject: release.Subject{Service: service, Digest: digest, BaseDigest: "sha256:base"},
		Started: noon.Add(-time.Hour), Ended: noon.Add(-time.Minute), Outcome: release.Pass, Reasons: []string{"fine"},
		Samples: uint64(number), Operations: []release.Operation{{Name: "GET /" + fmt.Sprint(number), Samples: 3}},
	}, doc
}

func pushed(t testing.TB, s *Store, service, digest string, number int) *release.Evidence {
	t.Helper()
	e, doc := of(service, digest, number)
	added, err := s.AddEvidence(context.Background(), e, doc)
	require.NoError(t, err)
	require.True(t, added)
	return e
}

func verdict(d release.Decision, at time.Time, reasons ...release.Reason) release.Verdict {
	return release.Verdict{
		Schema: release.VerdictSchema, Version: release.VerdictVersion, Decision: d,
		Subject: release.Subject{Service: "shop", Digest: "sha256:1"}, Policy: release.PolicyRef{Name: "p", Digest: "sha256:p"},
		At: at, Reasons: reasons,
	}
}

func TestSQLite(t *testing.T) { conform(t, lite) }
