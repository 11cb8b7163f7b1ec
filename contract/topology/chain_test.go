package topology_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/topology"
)

func TestChainsAreFoundByWhatIsAskedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		query topology.Query
		want  string // the path, by service; "" for none
	}{
		"nothing":           {topology.Query{}, "frontend"},
		"service":           {topology.Query{Service: "pricing"}, "frontend checkout pricing"},
		"operation":         {topology.Query{Operation: "SELECT products"}, "frontend checkout catalog postgresql"},
		"a part of it":      {topology.Query{Service: "cat*", Operation: "GET *{id}"}, "frontend checkout catalog"},
		"status":            {topology.Query{Status: "404"}, "frontend checkout catalog"},
		"class of statuses": {topology.Query{Service: "checkout", Status: "5xx"}, "frontend checkout"},
		"failed":            {topology.Query{Status: "failed"}, "frontend"},
		"duration":          {topology.Query{Service: "catalog", MinDuration: time.Hour}, ""},
		"another service":   {topology.Query{Service: "nobody"}, ""},
		"a pattern of two":  {topology.Query{Operation: "*/quotes*nothing"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, ok := tt.query.Match(market(3))
			var path []string
			for _, call := range c.Path {
				path = append(path, call.Service())
			}
			assert.Equal(t, tt.want, strings.Join(path, " "))
			assert.Equal(t, tt.want != "", ok)
		})
	}
	_, ok := topology.Query{}.Match(trace.NewTree(trace.TraceID{1}, nil))
	assert.False(t, ok)
}

func TestTheBestChainsAreKeptInWhateverOrderTheyCome(t *testing.T) {
	var trees []*trace.Tree
	for n := range 20 {
		trees = append(trees, market(n))
	}
	rapid.Check(t, func(rt *rapid.T) {
		slowest := topology.NewChains(topology.Query{Service: "checkout", Limit: 3}, topology.Slowest)
		first := topology.NewChains(topology.Query{Service: "checkout", Limit: 3}, topology.First)
		for _, tree := range rapid.Permutation(trees).Draw(rt, "order") {
			slowest.See(tree)
			first.See(tree)
		}
		require.Equal(rt, uint64(20), slowest.Found)
		for i := range 3 {
			require.Same(rt, trees[19-i], slowest.List()[i].Tree)
			require.Same(rt, trees[i], first.List()[i].Tree)
		}
		require.Len(rt, first.List(), 3)
	})
}

func TestAChainIsDrawn(t *testing.T) {
	s := newScene(0)
	top := s.serve("shop", "GET", "/cart", 200, 0, 0, 100)
	for i := range 9 {
		s.call("shop", "catalog", "GET", "/products/{id}", 200, top, 1+i*5, 5+i*5)
	}
	s.span(trace.Internal, "shop", top, 50, 60).Name = "render"
	for name, tt := range map[string]struct {
		tree    *trace.Tree
		query   topology.Query
		options topology.Options
	}{
		"chain.txt":         {market(3), topology.Query{Status: "404"}, topology.Options{}},
		"chain-narrow.txt":  {market(3), topology.Query{Service: "mailer"}, topology.Options{Width: 48, Color: true}},
		"chain-alike.txt":   {s.tree(), topology.Query{}, topology.Options{}},
		"chain-verbose.txt": {s.tree(), topology.Query{}, topology.Options{Verbose: true}},
	} {
		t.Run(name, func(t *testing.T) {
			c, ok := tt.query.Match(tt.tree)
			require.True(t, ok)
			var b bytes.Buffer
			require.NoError(t, c.Draw(&b, tt.options))
			golden(t, name, b.Bytes())
		})
	}
}

func TestADeepChainIsDrawn(t *testing.T) {
	s := newScene(0)
	parent := byte(0)
	for range 200 {
		parent = s.serve("a", "GET", "/", 200, parent, 0, 9)
	}
	c, ok := topology.Query{}.Match(s.tree())
	require.True(t, ok)
	var b bytes.Buffer
	require.NoError(t, c.Draw(&b, topology.Options{Width: 40}))
	assert.Less(t, strings.Count(b.String(), "\n"), 65)
}
