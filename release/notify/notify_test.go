package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

var moment = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// verdict is a record as the gate makes them.
func verdict(service string, d release.Decision, reasons ...release.Reason) release.Record {
	return release.Record{ID: 7, Asked: 1, Last: moment, Verdict: release.Verdict{
		Schema: release.VerdictSchema, Version: release.VerdictVersion, Decision: d, At: moment,
		Subject: release.Subject{Service: service, Digest: "sha256:" + hex64('a'), BaseDigest: "sha256:" + hex64('b')},
		Policy:  release.PolicyRef{Name: "shop", Digest: "sha256:" + hex64('c')},
		Reasons: reasons,
	}}
}

func hex64(c byte) string {
	b := make([]byte, 64)
	for i := range b {
		b[i] = c
	}
	return string(b)
}

func TestAWebhookIsToldOfAVerdict(t *testing.T) {
	got := make(chan Notification, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n Notification
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&n))
		got <- n
	}))
	defer server.Close()
	n := New(&Config{To: []Destination{{Name: "audit", Kind: Webhook, URL: Secret(server.URL)}}}, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	want := verdict("catalog", release.Hold, release.Reason{Code: release.Missing, Decision: release.Hold, Text: "no evidence"})
	n.Verdict(want)
	told := <-got
	assert.Equal(t, want, *told.Verdict)
	assert.Equal(t, uint64(1), told.Count)
	cancel()
	<-done
	require.NoError(t, n.Account().Balance())
	assert.Equal(t, uint64(1), n.Account()[0].Written)
}
