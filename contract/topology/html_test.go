package topology_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"twinspect.dev/contract/topology"
	"twinspect.dev/diff/report/page"
)

func htmlOf(t require.TestingT, g *topology.Graph, o topology.Options) string {
	var b bytes.Buffer
	require.NoError(t, topology.HTML(&b, g, o))
	return b.String()
}

func TestTheCheckedInBundlesAreFresh(t *testing.T) {
	files, err := page.Bundle("page")
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("page", filepath.FromSlash(name)))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is stale: run go generate in this folder", name)
	}
}

func TestTheDrawingMatchesTheGoldenFile(t *testing.T) {
	svg := strings.ReplaceAll(string(topology.SVG(typical(), marks)), "><", ">\n<")
	golden(t, "typical.svg", []byte(svg+"\n"))
}

func TestThePageLoadsNothingAndNamesItsParts(t *testing.T) {
	for name, g := range map[string]*topology.Graph{"typical": typical(), "hostile": hostile(), "empty": topology.New().Graph(), "wide": wide(400)} {
		text := htmlOf(t, g, topology.Options{Title: "market.jsonl", Mark: marks})
		assert.Less(t, len(text), 5<<20, name)
		doc, err := html.Parse(strings.NewReader(text))
		require.NoError(t, err)
		ids := map[string]bool{}
		scripts := 0
		for n := range doc.Descendants() {
			if n.Data == "script" {
				scripts++
			}
			for _, a := range n.Attr {
				switch a.Key {
				case "id":
					assert.False(t, ids[a.Val], "%s: the id %s twice", name, a.Val)
					ids[a.Val] = true
				case "href":
					assert.True(t, strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "data:"), a.Val)
				case "src", "style", "onclick", "onload", "onerror":
					assert.Fail(t, "an attribute that the policy forbids", "%s: %s=%s", name, a.Key, a.Val)
				case "aria-labelledby":
					assert.NotEmpty(t, a.Val)
				}
			}
		}
		assert.Equal(t, 1, scripts, name)
	}
}

// wide is a graph of many services in circles.
func wide(n int) *topology.Graph {
	b := topology.New()
	for i := range n {
		s := newScene(i % 50)
		top := s.serve(fmt.Sprint("s", i%97), "GET", fmt.Sprint("/", i), 200, 0, 0, 9)
		for j := range 4 {
			s.call(fmt.Sprint("s", i%97), fmt.Sprint("s", (i*j+j*j*7)%97), "GET", "/", 200, top, 1, 8)
		}
		b.See(s.tree())
	}
	return b.Graph()
}

// structure lists the elements of the page in which all names are s.
func structure(t require.TestingT, s string) (list []string) {
	b := topology.New()
	sc := newScene(1)
	top := sc.serve("a"+s, "GET", "/"+s, 200, 0, 0, 9)
	sc.call("a"+s, "b"+s, "GET", "/b"+s, 500, top, 1, 8)
	b.See(sc.tree())
	mark := func(string) topology.Mark {
		return topology.Mark{Tone: topology.Breaks, Text: "x" + s, Calls: map[string]topology.Tone{"b" + s: topology.Tone(s)}}
	}
	doc, err := html.Parse(strings.NewReader(htmlOf(t, b.Graph(), topology.Options{Title: "x" + s, Mark: mark})))
	require.NoError(t, err)
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			list = append(list, n.Data)
		}
	}
	return list
}

func TestHostileTextCannotBreakOutOfThePage(t *testing.T) {
	want := structure(t, "harmless")
	attacks := rapid.SampledFrom([]string{"</script><script>alert(1)</script>", "</svg>", "</title>", "<!--", "]]>", "\"'><svg/onload=x>", "\x00", "\xff", "\u202e", "{{.}}", "&lt;", "\x1b[2J"})
	rapid.Check(t, func(t *rapid.T) {
		require.Equal(t, want, structure(t, strings.Join(rapid.SliceOfN(rapid.OneOf(attacks, rapid.String()), 1, 4).Draw(t, "parts"), "")+"x"))
	})
}

func TestAGreatGraphIsDrawnInTime(t *testing.T) {
	b := topology.New()
	for i := range 60 {
		s := newScene(i % 50)
		top := s.serve(fmt.Sprint("s", i), "GET", "/", 200, 0, 0, 9)
		for j := range 60 {
			s.call(fmt.Sprint("s", i), fmt.Sprint("s", j), "GET", "/", 200, top, 1, 8)
		}
		b.See(s.tree())
	}
	start := time.Now()
	svg := topology.SVG(b.Graph(), nil)
	assert.Less(t, time.Since(start), 10*time.Second)
	assert.Contains(t, string(svg), "are not drawn")
}
