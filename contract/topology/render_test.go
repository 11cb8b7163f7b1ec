package topology_test

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/topology"
)

func marks(service string) topology.Mark {
	switch service {
	case "checkout":
		return topology.Mark{Tone: topology.Breaks, Calls: map[string]topology.Tone{"catalog": topology.Breaks, "pricing": topology.Safe}}
	case "frontend":
		return topology.Mark{Tone: topology.Safe, Text: "safe: uses nothing that changes"}
	case "pricing":
		return topology.Mark{Tone: topology.AtRisk, Calls: map[string]topology.Tone{"catalog": topology.AtRisk}}
	}
	return topology.Mark{}
}

type render func(io.Writer, *topology.Graph, topology.Options) error

var title = topology.Options{Title: "market.jsonl"}

func TestRenderersMatchTheGoldenFiles(t *testing.T) {
	marked := topology.Options{Title: "market.jsonl", Mark: marks}
	for name, tt := range map[string]struct {
		render  render
		options topology.Options
	}{
		"terminal.txt":        {topology.Terminal, topology.Options{Title: "market.jsonl", Width: 100}},
		"terminal-narrow.txt": {topology.Terminal, topology.Options{Width: 50}},
		"terminal-color.txt":  {topology.Terminal, topology.Options{Color: true, Verbose: true}},
		"graph.json":          {topology.JSON, title},
		"graph.dot":           {topology.DOT, marked},
	} {
		for kind, g := range map[string]*topology.Graph{"typical": typical(), "hostile": hostile(), "empty": topology.New().Graph()} {
			t.Run(kind+"-"+name, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, tt.render(&b, g, tt.options))
				golden(t, kind+"-"+name, b.Bytes())
			})
		}
	}
}

func TestJSONKeepsToItsSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(topology.Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("topology.json", doc))
	s, err := c.Compile("topology.json")
	require.NoError(t, err)
	for name, g := range map[string]*topology.Graph{"typical": typical(), "hostile": hostile(), "empty": topology.New().Graph()} {
		var b bytes.Buffer
		require.NoError(t, topology.JSON(&b, g, title))
		v, err := jsonschema.UnmarshalJSON(&b)
		require.NoError(t, err)
		require.NoError(t, s.Validate(v), name)
	}
	require.Error(t, s.Validate(map[string]any{"schema": "twinspect.dev/topology", "version": "2.0"}))
}

func TestNoLineOfATerminalIsWiderThanItOrHasAnEscape(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, topology.Terminal(&b, hostile(), topology.Options{Width: 60}))
	for line := range strings.Lines(b.String()) {
		assert.LessOrEqual(t, len([]rune(line)), 61, line)
	}
	assert.NotContains(t, b.String(), "\x1b")
}

func TestGraphvizReadsTheDOT(t *testing.T) {
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("dot of Graphviz is not installed")
	}
	for name, g := range map[string]*topology.Graph{"typical": typical(), "hostile": hostile(), "empty": topology.New().Graph()} {
		var b bytes.Buffer
		require.NoError(t, topology.DOT(&b, g, topology.Options{Mark: marks}))
		cmd := exec.CommandContext(t.Context(), dot, "-Tcanon")
		cmd.Stdin = &b
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", name, out)
	}
}
