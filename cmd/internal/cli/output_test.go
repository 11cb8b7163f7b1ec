package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestTableIsAlignedAsATerminalShowsIt(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Table(&b, []Column{{Title: "count", Right: true}, {Title: "operation"}, {Title: "note"}}, [][]string{
		{"1", "GET /straße", "ä"},
		{"20000", "GET /商品/{id}", "wide"},
		{"3", "GET /cafe\u0301", "combined"},
		{"4", "GET /\x1b[2J\n", "hostile"},
		{"5", "GET /", ""},
	}))
	assert.Equal(t, ""+
		"  count  operation       note\n"+
		"      1  GET /straße     ä\n"+
		"  20000  GET /商品/{id}  wide\n"+
		"      3  GET /cafe\u0301       combined\n"+
		"      4  GET /\\x1b[2J\\n  hostile\n"+
		"      5  GET /\n", b.String())
}

func TestTableTellsThatItCouldNotBeWritten(t *testing.T) {
	assert.ErrorIs(t, Table(closedScreen{}, []Column{{Title: "a"}}, nil), errClosed)
}

func TestAccountIsPrintedWithItsReasons(t *testing.T) {
	both := capture.Stats{Seen: 8, Written: 1, Open: 1}
	both.Filter("unsafe-method", 2)
	both.Drop("gap", 4)
	var b bytes.Buffer
	require.NoError(t, PrintAccount(&b, capture.Account{
		{Name: "wire", Unit: "exchanges", Stats: both},
		{Name: "filter", Unit: "exchanges", Stats: capture.Stats{Seen: 1, Filtered: map[capture.Reason]uint64{"host": 1}}},
		{Name: "file", Unit: "frames", Stats: capture.Stats{Seen: 1, Dropped: map[capture.Reason]uint64{"torn": 1}}},
	}))
	lines := strings.Split(b.String(), "\n")
	assert.Equal(t, []string{"wire", "exchanges", "8", "1", "2", "4", "1", "4", "gap;", "2", "unsafe-method"}, strings.Fields(lines[1]))
	assert.True(t, strings.HasSuffix(lines[2], " 1 host"))
	assert.True(t, strings.HasSuffix(lines[3], " 1 torn"))
}

func TestTenDamagedRecordsAreShownAndAllCounted(t *testing.T) {
	env, _, stderr := testEnv("")
	d := NewDamage(env)
	require.NoError(t, d.Err())
	for i := range 25 {
		d.Report(&capture.RecordError{Input: "a.twin", Offset: int64(i), Reason: "torn", Lost: uint64(i % 3), Err: errors.New("torn\x1b[2J")})
	}
	lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
	require.Len(t, lines, shownDamage+1)
	for i, line := range lines[:shownDamage] {
		assert.Equal(t, fmt.Sprintf(`damaged: a.twin: offset %d: torn\x1b[2J`, i), line)
	}
	assert.Contains(t, lines[shownDamage], "more records")
	// 25 of 0, 1 and 2 lost in turn; one that does not say is one.
	assert.ErrorContains(t, d.Err(), fmt.Sprintf("%d records", 9*1+8*1+8*2))
	assert.ErrorContains(t, d.Err(), "a.twin: offset 0")
	var bad *capture.RecordError
	assert.ErrorAs(t, d.Err(), &bad)
}

func TestColourNeedsATerminalThatWantsIt(t *testing.T) {
	tests := []struct {
		name  string
		width int
		env   map[string]string
		want  bool
	}{
		{"terminal", 80, nil, true},
		{"file", 0, nil, false},
		{"not wanted", 80, map[string]string{"NO_COLOR": "1"}, false},
		{"dumb terminal", 80, map[string]string{"TERM": "dumb"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := Env{Stderr: io.Discard, Width: tt.width, Getenv: func(k string) string { return tt.env[k] }}
			assert.Equal(t, tt.want, env.Color())
		})
	}
}
