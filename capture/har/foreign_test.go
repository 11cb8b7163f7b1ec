package har_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/har"
)

func TestChromesFileIsReadAsItWasOnTheWire(t *testing.T) {
	got, account := readFile(t, "chrome.har")
	require.Len(t, got, 4)

	api := got[0]
	assert.Equal(t, "POST", api.Request.Method)
	assert.Equal(t, "/api/orders?limit=10&q=a%20b", api.Request.Target)
	assert.Equal(t, "HTTP/2.0", api.Request.Proto)
	assert.Equal(t, capture.Header{
		{Name: "Host", Value: "shop.example"},
		{Name: "content-type", Value: "application/json"},
	}, api.Request.Header)
	assert.Equal(t, `{"sku":"ü"}`, string(api.Request.Body))
	assert.Equal(t, 200, api.Response.Status)
	assert.Equal(t, `{"ok":true}`, string(api.Response.Body))
	assert.Equal(t, capture.Header{{Name: "content-type", Value: "application/json"}}, api.Response.Header,
		"what is no longer true of a decoded body is taken out")
	start := time.Date(2026, 3, 1, 10, 0, 0, 123e6, time.UTC)
	assert.Equal(t, start.Add(3*time.Millisecond), api.Request.Start)
	assert.Equal(t, start.Add(3500*time.Microsecond), api.Request.End)
	assert.Equal(t, start.Add(13500*time.Microsecond), api.Response.Start)
	assert.Equal(t, start.Add(15*time.Millisecond), api.Response.End)
	assert.Equal(t, "203.0.113.7:443", api.Context.Server)
	assert.Equal(t, "443", api.Context.Connection)
	assert.Equal(t, "page_1", api.Context.Session)

	image := got[1]
	assert.Equal(t, []byte("\x89PNG\r\n\x1a\n"), image.Response.Body)
	assert.True(t, image.Complete())

	blocked := got[2]
	assert.Equal(t, capture.Unseen, blocked.Response.Incomplete)
	assert.Zero(t, blocked.Response.Status)

	socket := got[3]
	assert.Equal(t, 101, socket.Response.Status)

	require.NoError(t, account.Balance())
	stats := stages(account)
	assert.EqualValues(t, 1, stats["har-bodies"].Filtered[har.ReasonDecoded])
	assert.EqualValues(t, 2, stats["har-bodies"].Seen)
	assert.EqualValues(t, 2, stats["har-websocket"].Filtered[har.ReasonWebSocket])
	assert.EqualValues(t, 4, stats["har"].Written)
}

func TestFirefoxsFileIsReadAsItWasOnTheWire(t *testing.T) {
	got, account := readFile(t, "firefox.har")
	require.Len(t, got, 2)

	form := got[0]
	assert.Equal(t, "name=J%C3%BCrgen&to=a+b", string(form.Request.Body))
	assert.Equal(t, "HTTP/1.1", form.Request.Proto)
	assert.Equal(t, "/submit", form.Request.Target)
	assert.Equal(t, 303, form.Response.Status)
	assert.Equal(t, "See Other", form.Response.Reason)
	assert.Equal(t, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), form.Request.Start, "an offset without a colon")

	cut := got[1]
	assert.Equal(t, capture.BodyLimit, cut.Response.Incomplete, "a body that is not in the file")
	assert.EqualValues(t, 1234, cut.Response.BodySize)
	assert.Equal(t, "HTTP/2.0", cut.Response.Proto)
	assert.EqualValues(t, 2, stages(account)["har"].Written)
}

func TestTheSameEntryHasTheSameIdentityEachTime(t *testing.T) {
	first, _ := readFile(t, "chrome.har")
	second, _ := readFile(t, "chrome.har")
	seen := map[capture.ID]bool{}
	for i := range first {
		assert.Equal(t, first[i].ID, second[i].ID)
		assert.False(t, seen[first[i].ID], "entry %d", i)
		seen[first[i].ID] = true
	}
}

func readFile(t *testing.T, name string) ([]*capture.Exchange, capture.Account) {
	file, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	r := har.NewReader(name, bytes.NewReader(file), har.ReadOptions{})
	return readAll(t, r), r.Account()
}

func stages(a capture.Account) map[string]capture.Stats {
	byName := map[string]capture.Stats{}
	for _, s := range a {
		byName[s.Name] = s.Stats
	}
	return byName
}

func FuzzReader(f *testing.F) {
	for _, name := range []string{"chrome.har", "firefox.har"} {
		file, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(file)
	}
	f.Add([]byte(`{"log":{"entries":[{"_twinspect":{}},{"request":{"url":"?"}},7,"]"`))
	f.Add([]byte("\xef\xbb\xbf" + `{"log":{"entries":[]},"x":1}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := har.NewReader("a.har", bytes.NewReader(file), har.ReadOptions{MaxEntry: 1 << 16})
		got, _, err := drain(r)
		require.NoError(t, r.Account().Balance())
		if err != nil {
			return
		}
		again := readAll(t, har.NewReader("b.har", bytes.NewReader(write(t, nil, got...)), har.ReadOptions{}))
		require.Len(t, again, len(got))
	})
}
