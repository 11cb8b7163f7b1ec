package schema

import "github.com/santhosh-tekuri/jsonschema/v6"

func vocabulary() *jsonschema.Vocabulary {
	return &jsonschema.Vocabulary{
		URL: "https://twinspect.dev/openapi",
		Compile: func(*jsonschema.CompilerContext, map[string]any) (jsonschema.SchemaExt, error) {
			return nil, nil
		},
	}
}
