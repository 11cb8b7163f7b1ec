package schema

import "github.com/santhosh-tekuri/jsonschema/v6"

// vocabularies are the keywords that the translation adds. Each gives a compiled
// schema one extension.
func vocabularies() []*jsonschema.Vocabulary {
	return []*jsonschema.Vocabulary{
		vocabulary("discriminator", func(_ *jsonschema.CompilerContext, object map[string]any) (jsonschema.SchemaExt, error) {
			if d, ok := object[keyDiscriminator].(*Discriminator); ok {
				return d, nil
			}
			return nil, nil
		}),
		vocabulary("dynamic", func(ctx *jsonschema.CompilerContext, object map[string]any) (jsonschema.SchemaExt, error) {
			if u, ok := object[keyDynamic].(*urls); ok {
				return u.compile(ctx)
			}
			return nil, nil
		}),
		vocabulary("home", func(_ *jsonschema.CompilerContext, object map[string]any) (jsonschema.SchemaExt, error) {
			if h, ok := object[keyHome].(home); ok {
				return h, nil
			}
			return nil, nil
		}),
	}
}

type compileExt = func(*jsonschema.CompilerContext, map[string]any) (jsonschema.SchemaExt, error)

func vocabulary(name string, compile compileExt) *jsonschema.Vocabulary {
	return &jsonschema.Vocabulary{URL: "https://twinspect.dev/openapi/" + name, Compile: compile}
}
