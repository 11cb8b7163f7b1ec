package httpwire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

func TestFramesOnAStreamThatTheOtherEndHasReset(t *testing.T) {
	const late = h2.HeaderSize + len("late")
	away := raw(h2.GoAway, 0, 0, strings.Repeat("\x00", 8))
	type parts struct{ c, s *peer }
	tests := []struct {
		name           string
		runs           func(p parts) []run
		reset, unknown int
	}{
		{"of the client, after the server's reset", func(p parts) []run {
			return []run{c2s(p.c.post(1, "/a")), s2c(p.s.ok(1, "") + reset(1)), c2s(data(1, h2.EndStream, "late"))}
		}, late, 0},
		{"of the client, a trailer section", func(p parts) []run {
			return []run{c2s(p.c.post(1, "/a")), s2c(reset(1)), c2s(raw(h2.Headers, h2.EndHeaders|h2.EndStream, 1, "\x00\x01a\x01b"))}
		}, h2.HeaderSize + 5, 0},
		{"of the server, after the client's reset", func(p parts) []run {
			return []run{c2s(p.c.get(1, "/a")), s2c(p.s.headers(1, 0, ":status 200")), c2s(reset(1)), s2c(data(1, h2.EndStream, "late"))}
		}, late, 0},
		{"in the middle of a frame", func(p parts) []run {
			d := data(1, h2.EndStream, "early and late")
			return []run{c2s(p.c.post(1, "/a") + d[:len(d)-4]), s2c(reset(1)), c2s(d[len(d)-4:])}
		}, 4, 0},
		{"that the server will not look at", func(p parts) []run {
			return []run{c2s(p.c.post(1, "/a")), s2c(away), c2s(data(1, h2.EndStream, "late"))}
		}, late, 0},
		{"of the end that has reset it", func(p parts) []run {
			return []run{c2s(p.c.post(1, "/a") + reset(1) + data(1, h2.EndStream, "late"))}
		}, 0, late},
		{"of the end that was through with it", func(p parts) []run {
			return []run{c2s(p.c.get(1, "/a")), s2c(reset(1)), c2s(data(1, h2.EndStream, "late"))}
		}, 0, late},
		{"that never was", func(parts) []run { return []run{s2c(reset(1)), c2s(data(1, h2.EndStream, "late"))} }, 0, late},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := parts{newPeer(), newPeer()}
			runs := append([]run{c2s(hello), s2c(settings)}, test.runs(p)...)
			runs = append(runs, c2s(p.c.get(5, "/next")), s2c(p.s.ok(5, "hi")))
			all, account := parse(t, Config{}, conn, capture.Closed, runs...)
			require.NotEmpty(t, all)
			assert.Equal(t, "GET /next > 2.0 200 hi", show(all)[len(all)-1])
			assert.EqualValues(t, test.reset, account[0].Filtered[ResetStream])
			assert.EqualValues(t, test.unknown, account[0].Dropped[UnknownStream])
			assert.EqualValues(t, test.unknown, account[0].Lost())
		})
	}
}

func TestNoMoreResetsAreRememberedThanAllowed(t *testing.T) {
	c, s := newPeer(), newPeer()
	runs := []run{c2s(hello), s2c(settings)}
	const n = maxResets + 10
	for i := range uint32(n) {
		runs = append(runs, c2s(c.post(2*i+1, "/a")), s2c(reset(2*i+1)))
	}
	var late strings.Builder
	for i := range uint32(n) {
		late.WriteString(data(2*i+1, h2.EndStream, ""))
	}
	_, account := parse(t, Config{}, conn, capture.Closed, append(runs, c2s(late.String()), s2c(s.ok(1, "")))...)
	assert.EqualValues(t, maxResets*h2.HeaderSize, account[0].Filtered[ResetStream])
	assert.GreaterOrEqual(t, account[0].Dropped[UnknownStream], uint64(10*h2.HeaderSize))
}
