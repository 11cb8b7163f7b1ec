package report

import _ "embed"

//go:embed evidence-contract-1.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of the evidence that [JSON]
// writes. It holds for every minor version up to [contract.SchemaVersion].
func Schema() string { return schema }
