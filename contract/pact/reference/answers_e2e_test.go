//go:build e2e

package reference_test

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact"
)

// perInteraction is how many wrong answers an interaction is given; others are drawn
// for each pact. The reference takes 8 ms and more for each.
const perInteraction = 8

// right is the answer of the file itself.
func right(it *pact.Interaction) answer {
	if it.Kind != pact.HTTP {
		m := &it.Messages[0]
		return answer{"right", http.StatusOK, http.Header{"Content-Type": {"application/json"},
			"Pact-Message-Metadata": {metadataHeader(m.Metadata)}}, m.Body.Bytes()}
	}
	header := http.Header{}
	for name, values := range it.Response.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	return answer{"right", it.Response.Status, header, it.Response.Body.Bytes()}
}

func (a answer) with(what string, change func(*answer)) answer {
	a.what, a.header = what, a.header.Clone()
	change(&a)
	return a
}

// answersTo are the right answer, and some of those that differ from it in one thing.
func answersTo(it *pact.Interaction, seed string) []answer {
	h := fnv.New64a()
	_, _ = io.WriteString(h, seed+it.Description)
	draw := rand.New(rand.NewPCG(h.Sum64(), 0)) //nolint:gosec // the same each time
	good := right(it)
	all := []answer{good, good.with("another header", func(a *answer) { a.header.Set("X-More", "x") })}
	if it.Kind == pact.HTTP {
		all = append(append(all, some(draw, otherStatuses(good), 2)...), some(draw, otherHeaders(good), 4)...)
	} else {
		all = append(all, some(draw, otherMetadata(good, it.Messages[0].Metadata), 4)...)
	}
	return append(all, some(draw, otherBodies(it, good), perInteraction+1-len(all))...)
}

func otherBodies(it *pact.Interaction, good answer) []answer {
	all := []answer{
		good.with("empty body", func(a *answer) { a.body = nil }),
		good.with("no JSON", func(a *answer) { a.body = []byte("{") }),
	}
	if v, ok := tree(it); ok {
		for _, m := range mutants(v) {
			all = append(all, good.with("body "+m.what, func(a *answer) { a.body = []byte(show(m.value)) }))
		}
		return all
	}
	for _, text := range []string{"x", "id: 18", "id: 18 ", "hello ", "<a><b n='2'>x</b></a>", "<a><b n='1'>y</b></a>", "<a><b n='1'>x</b><c/></a>", "<a/>", " <a> <b n=\"1\">x</b></a>"} {
		all = append(all, good.with("text "+text, func(a *answer) { a.body = []byte(text) }))
	}
	return all
}

func tree(it *pact.Interaction) (any, bool) {
	if it.Kind != pact.HTTP {
		return it.Messages[0].Body.Value, it.Messages[0].Body.IsJSON
	}
	return it.Response.Body.Value, it.Response.Body.IsJSON
}

func otherStatuses(good answer) []answer {
	var all []answer
	for _, status := range []int{200, 201, 204, 299, 404, 500} {
		if status != good.status {
			all = append(all, good.with(fmt.Sprint("status ", status), func(a *answer) {
				if a.status = status; status == http.StatusNoContent {
					a.body = nil
				}
			}))
		}
	}
	return all
}

func otherHeaders(good answer) []answer {
	var all []answer
	for name, values := range good.header {
		set := func(v ...string) func(*answer) { return func(a *answer) { a.header[name] = v } }
		all = append(all, good.with(name+" missing", func(a *answer) { delete(a.header, name) }))
		for _, v := range []string{"", "x", "b-2", strings.ToLower(values[0]), strings.ReplaceAll(values[0], " ", ""), values[0] + "; charset=utf-8", strings.ToUpper(values[0])} {
			all = append(all, good.with(name+": "+v, set(v)))
		}
		all = append(all, good.with(name+" twice", set(values[0], values[0])), good.with(name+" in one", set(strings.Join(values, ", "))),
			good.with(name+" apart", set(strings.Split(values[0], ", ")...)))
	}
	slices.SortStableFunc(all, func(a, b answer) int { return strings.Compare(a.what, b.what) })
	return all
}

func otherMetadata(good answer, metadata map[string]any) []answer {
	var all []answer
	for _, m := range mutants(metadata) {
		if changed, ok := m.value.(map[string]any); ok {
			all = append(all, good.with("metadata "+m.what, func(a *answer) { a.header.Set("Pact-Message-Metadata", metadataHeader(changed)) }))
		}
	}
	return all
}

// TestAnswersAreJudgedAsTheReferenceDoes gives the same right and wrong answers to
// both, for pacts that the reference wrote.
func TestAnswersAreJudgedAsTheReferenceDoes(t *testing.T) {
	j, dir := newJudge(t), t.TempDir()
	var files []string
	j.ask(t, order{Do: "write", Dir: dir}, &files)
	require.Len(t, files, 5)
	p := newProvider(t)
	var c compared
	for _, file := range files {
		path := filepath.Join(dir, file)
		read, err := pact.ReadFile(path)
		require.NoError(t, err)
		rounds, interactions := make([]map[string]answer, perInteraction+1), len(read.Interactions)
		for i := range read.Interactions {
			for n, a := range answersTo(&read.Interactions[i], file) {
				if rounds[n] == nil {
					rounds[n] = make(map[string]answer)
				}
				rounds[n][read.Interactions[i].Description] = a
			}
		}
		require.Len(t, rounds[0], interactions, "each interaction has a name of its own")
		c.both(t, j, p, path, "/states", rounds[0])
		for _, round := range rounds[1:] {
			if round != nil {
				c.both(t, j, p, only(t, path, round), "", round)
			}
		}
	}
	c.tell(t)
}
