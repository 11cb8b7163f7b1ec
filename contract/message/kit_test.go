package message

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// document is a tree whose references stay within it.
type document struct{ root any }

func (d document) Node(p openapi.Place) (any, openapi.Place, error) {
	_, pointer, _ := strings.Cut(string(p), "#")
	node := d.root
	for _, name := range strings.Split(pointer, "/")[1:] {
		switch n := node.(type) {
		case map[string]any:
			node = n[unescapePointer(name)]
		case []any:
			i, _ := strconv.Atoi(name)
			node = n[i]
		}
	}
	if m, ok := node.(map[string]any); ok {
		if ref, ok := m["$ref"].(string); ok {
			return d.Node(openapi.Place("file:///d.json" + ref))
		}
	}
	return node, p, nil
}

func tree(t testing.TB, text string) any {
	t.Helper()
	v, err := parseJSON([]byte(text))
	require.NoError(t, err, text)
	return v
}

// codec returns the codec of a document that has these components.
func codec(t testing.TB, schemas string) *Codec {
	t.Helper()
	root := tree(t, `{"openapi":"3.1.0","components":{"schemas":`+schemas+`}}`)
	return &Codec{nodes: document{root}, schemas: schema.Of("3.1.0", map[string]any{"file:///d.json": root})}
}

func component(name string) openapi.Place {
	return openapi.Place("file:///d.json#/components/schemas/" + name)
}

const usual = `{
	"Int":{"type":"integer"},"Text":{"type":"string"},"Flag":{"type":"boolean"},"Any":{},
	"MaybeInt":{"type":["integer","null"]},"MaybeText":{"type":["string","null"],"minLength":1},
	"Either":{"type":["string","integer"]},"TextOrList":{"oneOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]},
	"Ints":{"type":"array","items":{"type":"integer"}},"Texts":{"type":"array","items":{"type":"string"}},
	"Color":{"type":"object","properties":{"R":{"type":"integer"},"G":{"type":"integer"},"B":{"type":"integer"}}},
	"Open":{"type":"object","additionalProperties":{"type":"integer"}},
	"Filter":{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"integer"}}},
		"tags":{"type":"array","items":{"type":"string"}},
		"sort":{"type":"array","items":{"type":"object","properties":{"by":{"type":"string"}}}}}},
	"Union":{"oneOf":[{"type":"object","required":["kind","n"],"properties":{"kind":{"const":"a"},"n":{"type":"integer"}}},
		{"type":"object","required":["kind","n"],"properties":{"kind":{"const":"b"},"n":{"type":"string"}}}]}
}`

func number(s string) json.Number { return json.Number(s) }
