// Package contractfile keeps contracts of consumers in a folder, one file for each
// consumer and provider: DIR/<consumer>/<provider>.yaml. It merges contracts, and
// tells how one has changed.
//
// A file is made to be reviewed: what the consumer relies on stands first, one line
// for each field, and how often it was seen stands at the end, under "counts". So
// the first part of a diff shows what has changed, and nothing else:
//
//	schema: twinspect.dev/contract/consumer
//	version: "1.0"
//	consumer: checkout
//	provider: catalog
//	operations:
//	  GET /products/{id}:
//	    id: getProduct
//	    request:
//	      path id: {type: string, form: integer, length: 1..3}
//	    responses:
//	      200:
//	        media: application/json
//	        fields:
//	          body: {type: object}
//	          body /price: {type: number, min: 1.50, max: 99.90, state: used, in: [exact answer GET /cart body /total]}
//	counts:
//	  operations:
//	    GET /products/{id}:
//	      calls: 120
//	      ...
//
// The same contract gives the same bytes, and what was written is read back as it
// was. The files are YAML without what reviewing suffers from: anchors, aliases and
// tags are refused. contract-1.schema.json describes their form.
package contractfile

import _ "embed" // the schema

// MaxFile is the greatest file in bytes: some 50,000 fields. A consumer that calls
// fifty operations of the largest public provider sees 25,000. Reading takes some
// hundred times as much memory, and a third of a second for each MiB.
const MaxFile = 8 << 20

const (
	extension = ".yaml"
	// major is the greatest major number of [contract.ContractVersion] that is read.
	major = 1
)

//go:embed contract-1.schema.json
var jsonSchema string

// JSONSchema returns the JSON Schema of the files.
func JSONSchema() string { return jsonSchema }
