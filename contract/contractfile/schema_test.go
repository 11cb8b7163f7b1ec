package contractfile

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheSchemaHoldsForWhatIsWritten(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(JSONSchema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("contract-1.schema.json", doc))
	s, err := c.Compile("contract-1.schema.json")
	require.NoError(t, err)
	valid := func(data string) error {
		text, err := yaml.YAMLToJSON([]byte(data))
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		require.NoError(t, err)
		return s.Validate(v)
	}
	data, err := Encode(sample(t))
	require.NoError(t, err)
	require.NoError(t, valid(string(data)))
	for _, wrong := range [][2]string{
		{"consumer: Checkout", "consumr: Checkout"}, {`version: "1.0"`, `version: "2.0"`}, {"type: object", "type: objekt"},
		{"state: used", "state: abused"}, {"seen: 20", "seen: -20"}, {"optional: true", "optional: false"}, {"exact answer", "exactly answer"},
	} {
		require.Contains(t, string(data), wrong[0])
		assert.Error(t, valid(strings.Replace(string(data), wrong[0], wrong[1], 1)), wrong[1])
		_, err := Decode("f", []byte(strings.Replace(string(data), wrong[0], wrong[1], 1)))
		assert.Error(t, err, "the reader refuses it, too: %s", wrong[1])
	}
}
