//go:build e2e

package reference_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact"
)

// TestFilesOfTheReferenceAreReadWithoutLoss reads what the reference writes, and
// writes it again; the reference judges the same by both.
func TestFilesOfTheReferenceAreReadWithoutLoss(t *testing.T) {
	j, dir := newJudge(t), t.TempDir()
	var files []string
	j.ask(t, order{Do: "write", Dir: dir}, &files)
	p := newProvider(t)
	var c compared
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		read, err := pact.Read(bytes.NewReader(data), file)
		require.NoError(t, err)
		var written bytes.Buffer
		require.NoError(t, pact.Write(&written, read))
		want, err := pact.ParseJSON(data)
		require.NoError(t, err)
		got, err := pact.ParseJSON(written.Bytes())
		require.NoError(t, err)
		assert.Equal(t, withoutDefaults(want), got, file)
		path := filepath.Join(t.TempDir(), file)
		require.NoError(t, os.WriteFile(path, written.Bytes(), 0o600))
		for n := range 3 {
			round := make(map[string]answer)
			for i := range read.Interactions {
				round[read.Interactions[i].Description] = wrong(&read.Interactions[i], n)
			}
			c.both(t, j, p, path, "", round)
		}
	}
	c.tell(t)
}

// wrong is the right answer with another value, accepted by a rule or not, in each
// header and part of the metadata.
func wrong(it *pact.Interaction, n int) answer {
	value := []string{"a1", "b-2", "zz"}[n]
	return right(it).with(value, func(a *answer) {
		if it.Kind != pact.HTTP {
			metadata := maps.Clone(it.Messages[0].Metadata)
			metadata["kind"] = value
			a.header.Set("Pact-Message-Metadata", metadataHeader(metadata))
			return
		}
		for name := range a.header {
			if name != "Content-Type" {
				a.header[name] = []string{value}
			}
		}
	})
}

// withoutDefaults leaves out what the reference writes where nothing was said.
func withoutDefaults(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v["pending"] == false {
			delete(v, "pending")
		}
		// Version 3 of the specification has metaData in messages; both read both.
		if m, ok := v["metadata"]; ok && v["contents"] != nil && v["type"] == nil {
			delete(v, "metadata")
			v["metaData"] = m
		}
		if g, ok := v["generators"]; ok && g == nil {
			delete(v, "generators")
		}
		for name := range v {
			v[name] = withoutDefaults(v[name])
		}
	case []any:
		for i := range v {
			v[i] = withoutDefaults(v[i])
		}
	}
	return v
}
