package shard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff/shard"
)

func encoded(t testing.TB, p *shard.Plan) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Encode(&b))
	return b.String()
}

func TestAPlanIsReadAsItWasWritten(t *testing.T) {
	want := job().Plan
	text := encoded(t, want)
	got, err := shard.DecodePlan(strings.NewReader(text))
	require.NoError(t, err)
	assert.Equal(t, text, encoded(t, got))
	one, err := want.Fingerprint()
	require.NoError(t, err)
	two, err := got.Fingerprint()
	require.NoError(t, err)
	assert.Equal(t, one, two, "whatever the layout of the settings")
	got.Pace = "x2"
	two, err = got.Fingerprint()
	require.NoError(t, err)
	assert.NotEqual(t, one, two)
	assert.Equal(t, "twinspect.yaml", got.File("rules").Name)
	assert.Nil(t, got.File("openapi"))
}

func TestAPlanThatCannotBeWorkedOnIsRefused(t *testing.T) {
	tests := []struct {
		want   string
		change func(*shard.Plan)
	}{
		{"run", func(p *shard.Plan) { p.Run = "../x" }},
		{"run", func(p *shard.Plan) { p.Run = "" }},
		{"only a topic", func(p *shard.Plan) { p.Source = "traffic.twin" }},
		{"no password", func(p *shard.Plan) { p.Source = "kafka://me:secret@host/t" }},
		{"no password", func(p *shard.Plan) { p.Source = "kafka://me:${A}x@host/t" }},
		{"group", func(p *shard.Plan) { p.Group = "" }},
		{"window", func(p *shard.Plan) { p.Window = "0:9-3" }},
		{"want at least 1", func(p *shard.Plan) { p.Chunk = -1 }},
		{"the limit is 16384", func(p *shard.Plan) { p.Window, p.Chunk = "0:0-1000000", 1 }},
		{"the limit is 16384", func(p *shard.Plan) { p.Window, p.Chunk = "0:0-4611686018427387903,1:0-4611686018427387903", 1 }},
		{"look_back", func(p *shard.Plan) { p.LookBack = 1 << 40 }},
		{"no side", func(p *shard.Plan) { p.Sides = nil }},
		{"each once", func(p *shard.Plan) { p.Sides = append(p.Sides, p.Sides[0]) }},
		{"want a URL", func(p *shard.Plan) { p.Sides[0].URL = "ftp://x" }},
		{"no password", func(p *shard.Plan) { p.Sides[0].URL = "http://me:secret@base" }},
		{"a role", func(p *shard.Plan) { p.Files = []shard.File{{Text: "x"}} }},
		{"plan:", func(p *shard.Plan) { p.Settings = json.RawMessage("{") }},
	}
	for _, tt := range tests {
		p := plan()
		tt.change(p)
		err := p.Encode(new(bytes.Buffer))
		if assert.ErrorContains(t, err, tt.want) {
			assert.NotContains(t, err.Error(), "secret")
		}
	}
}

func TestReferencesToTheEnvironmentStay(t *testing.T) {
	p := plan()
	p.Source = "kafka://me:${KAFKA_PASSWORD}@host/t"
	p.Sides[0].URL = "${BASE}"
	p.Sides[1].URL = "https://me:${TOKEN}@branch"
	got, err := shard.DecodePlan(strings.NewReader(encoded(t, p)))
	require.NoError(t, err)
	assert.Equal(t, p.Source, got.Source)
	assert.Equal(t, p.Sides, got.Sides)
}

func TestAPlanOfAnotherKindIsRefused(t *testing.T) {
	text := encoded(t, plan())
	tests := []struct{ text, want string }{
		{"", "plan:"},
		{"null", "this program reads"},
		{strings.Replace(text, `"1.0"`, `"2.0"`, 1), "version"},
		{strings.Replace(text, `"group"`, `"colour"`, 1), "unknown field"},
		{text + "{}", "plan:"},
		{text[:len(text)/2], "plan:"},
	}
	for _, tt := range tests {
		_, err := shard.DecodePlan(strings.NewReader(tt.text))
		assert.ErrorContains(t, err, tt.want)
	}
}

func TestTheChunksAreTheWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan()
		from := rapid.Int64Range(0, 1<<61).Draw(t, "from")
		n := rapid.Int64Range(0, 100_000).Draw(t, "offsets")
		p.Chunk = rapid.Int64Range(max(n/5000, 1), 1<<61).Draw(t, "chunk")
		p.Window = window(3, from, from+n) + "," + window(7, 5, 5)
		require.NoError(t, p.Encode(new(bytes.Buffer)))
		chunks, err := p.Chunks()
		require.NoError(t, err)
		at := from
		for _, c := range chunks {
			assert.Equal(t, 3, c.Partition)
			assert.Equal(t, at, c.From)
			assert.LessOrEqual(t, c.Offsets(), p.Chunk)
			assert.Positive(t, c.Offsets())
			at = c.To
		}
		assert.Equal(t, from+n, at)
	})
}

func window(partition int, from, to int64) string {
	return fmt.Sprintf("%d:%d-%d", partition, from, to)
}

func TestAPartitionsShareIsItsPartOfTheOffsets(t *testing.T) {
	p := plan()
	p.Window = "0:0-30,1:10-20,2:5-5"
	for partition, want := range []float64{0.75, 0.25, 0} {
		got, err := p.Share(partition)
		require.NoError(t, err)
		assert.InDelta(t, want, got, 1e-9)
	}
}

func FuzzDecodePlan(f *testing.F) {
	f.Add([]byte(encoded(f, plan())))
	f.Add([]byte(encoded(f, job().Plan)))
	f.Add([]byte(`{"schema":"twinspect.dev/plan","version":"1.0","window":"0:0-9223372036854775807"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := shard.DecodePlan(bytes.NewReader(text))
		if err != nil {
			return
		}
		again, err := shard.DecodePlan(strings.NewReader(encoded(t, p)))
		require.NoError(t, err)
		require.Equal(t, encoded(t, p), encoded(t, again))
		chunks, err := p.Chunks()
		require.NoError(t, err)
		require.LessOrEqual(t, len(chunks), shard.MaxChunks)
	})
}
