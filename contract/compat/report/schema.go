package report

import (
	_ "embed"
)

//go:embed evidence-compatibility-1.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of the evidence that [JSON]
// writes. It holds for every minor version up to [impact.Version].
func Schema() string { return schema }
