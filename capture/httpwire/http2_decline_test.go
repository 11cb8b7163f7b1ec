package httpwire

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire/internal/h2"
)

func TestAnAnswerInHTTP1ToThePrefaceIsRead(t *testing.T) {
	const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno"
	const refused = " (unseen) > 1.1 400 no"
	c := newPeer()
	tests := []struct {
		name   string
		runs   []run
		want   []string
		hidden int
	}{
		{"a whole preface", []run{c2s(hello), s2c(refusal)}, []string{refused}, 0},
		{"half a preface", []run{c2s(h2.Preface[:23]), s2c(refusal), c2s(h2.Preface[23:])}, []string{refused}, 1},
		{"after a request", []run{c2s(hello + newPeer().get(1, "/a")), s2c(refusal), c2s(settings)}, []string{"GET /a > (unseen)", refused}, 9},
		{"after half a request", []run{c2s(hello + c.post(1, "/a") + data(1, 0, "ab")), s2c(refusal)}, []string{"POST /a ab (reset) > (unseen)", refused}, 0},
		{"two answers", []run{c2s(hello), s2c(refusal + refusal)}, []string{refused, refused}, 0},
		{"before the preface", []run{s2c(refusal), c2s(hello), s2c(refusal)}, []string{refused, refused}, 0},
		{"a half before the preface", []run{s2c(refusal[:12]), c2s(h2.Preface), s2c(refusal[12:])}, []string{refused}, 8},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all, account := parse(t, Config{}, conn, capture.Closed, test.runs...)
			assert.Equal(t, test.want, show(all))
			assert.EqualValues(t, test.hidden, account[0].Filtered[HTTP2])
			assert.Zero(t, account[0].Lost())
		})
	}
	t.Run("something else", func(t *testing.T) {
		all, account := parse(t, Config{}, conn, capture.Closed, c2s(hello), s2c("Huh?\r\n"))
		assert.Empty(t, all)
		assert.EqualValues(t, 6, account[0].Dropped[Junk])
	})
}
