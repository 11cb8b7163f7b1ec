package casefile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	yamlv3 "go.yaml.in/yaml/v3"

	"twinspect.dev/contract"
)

// many is a part as large as one of a large public document: 150 cases of which
// most have a body.
func many(n int) contract.Part {
	p := contract.Part{Operation: fmt.Sprintf("POST /repos/{owner}/things-%d", n)}
	for i := range 150 {
		body := map[string]any{
			"title": fmt.Sprintf("Title %d", i), "body": "It is so: a text, with a comma", "draft": i%2 == 0, "count": json.Number("12345678901234567890"),
			"labels": []any{"bug", "help wanted", map[string]any{"name": "x", "color": "ffffff", "description": nil}},
			"owner":  map[string]any{"login": "octocat", "id": json.Number("1"), "url": "https://api.example.com/users/octocat", "site_admin": false},
		}
		p.Cases = append(p.Cases, contract.Case{
			ID: fmt.Sprintf("post-repos-owner-things-%d/body-title-case-%d", n, i), Operation: p.Operation, Kind: contract.Positive, Rule: contract.RulePairwise,
			At: "body /title", Source: contract.FromSchema, Why: "The body's /title is at its greatest length together with /count at its maximum.",
			Steps: []contract.Step{{Name: usual, Operation: p.Operation, Request: contract.Request{
				Path: map[string]any{"owner": "octocat"}, Query: map[string]any{"page": json.Number("1")}, Body: &contract.Body{MediaType: "application/json", Value: body},
			}}},
		})
	}
	return p
}

func BenchmarkWrite(b *testing.B) {
	p := many(1)
	w := &Writer{}
	var size int
	for b.Loop() {
		var enc encoder
		em := emitter{buf: w.emit.buf[:0]}
		em.members(enc.part(&p), 0)
		w.emit.buf, size = em.buf, len(em.buf)
	}
	b.SetBytes(int64(size))
}

func encoded(p *contract.Part) []byte {
	var enc encoder
	var em emitter
	em.members(enc.part(p), 0)
	return em.buf
}

func BenchmarkRead(b *testing.B) {
	p := many(1)
	data := encoded(&p)
	b.Run("part", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			n, mistake := parse("f", data)
			require.Nil(b, mistake)
			d := &decoder{}
			require.Len(b, d.part(n).Cases, 150)
		}
	})
	b.Run("peer=go.yaml.in-v3", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var n yamlv3.Node
			require.NoError(b, yamlv3.Unmarshal(data, &n))
		}
	})
	b.Run("peer=goccy", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var v any
			require.NoError(b, yaml.Unmarshal(data, &v))
		}
	})
}

// BenchmarkSuite writes and reads a suite of 1,223 operations.
func BenchmarkSuite(b *testing.B) {
	const operations = 1223
	dir := filepath.Join(b.TempDir(), "suite")
	all := make([]contract.Part, operations)
	for i := range all {
		all[i] = many(i)
	}
	write := func(b *testing.B) {
		w, err := NewWriter(dir, Header{})
		require.NoError(b, err)
		for i := range all {
			require.NoError(b, w.Write(&all[i]))
		}
		require.NoError(b, w.Close())
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			require.NoError(b, os.RemoveAll(dir))
			b.StartTimer()
			write(b)
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			write(b)
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			d, err := Read(dir)
			require.NoError(b, err)
			for _, err := range d.Parts() {
				require.NoError(b, err)
			}
			require.NoError(b, d.Close())
		}
	})
}
