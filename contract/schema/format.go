package schema

import "github.com/santhosh-tekuri/jsonschema/v6"

func registerFormats(*jsonschema.Compiler) {}
