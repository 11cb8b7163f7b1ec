package schema

// shape is what the value of a keyword must look like.
type shape uint8

const (
	anything shape = iota
	oneSchema
	manySchemas // an object of schemas
	listOfSchemas
	itemsShape // a schema; before 2020-12 also a list of them
	text
	boolean
	count  // an integer from 0
	number // bounds, which OpenAPI 3.0 gives booleans beside
	positive
	typeNames
	literals
	names
	namesByName
	expression
	schemasByExpression
	mixed // dependencies: schemas or names
)

// keywords are those of JSON Schema 2020-12 that say something of a value, with
// some of earlier drafts (core and validation).
var keywords = map[string]shape{
	"not": oneSchema, "if": oneSchema, "then": oneSchema, "else": oneSchema,
	"additionalProperties": oneSchema, "propertyNames": oneSchema, "contains": oneSchema,
	"unevaluatedItems": oneSchema, "unevaluatedProperties": oneSchema,
	"contentSchema": oneSchema, "additionalItems": oneSchema,
	"properties": manySchemas, "dependentSchemas": manySchemas,
	"patternProperties": schemasByExpression, "dependencies": mixed,
	"allOf": listOfSchemas, "anyOf": listOfSchemas, "oneOf": listOfSchemas, "prefixItems": listOfSchemas,
	"items":  itemsShape,
	"format": text, "contentEncoding": text, "contentMediaType": text,
	"uniqueItems": boolean, "readOnly": boolean, "writeOnly": boolean, "deprecated": boolean,
	"minLength": count, "maxLength": count, "minItems": count, "maxItems": count,
	"minProperties": count, "maxProperties": count, "minContains": count, "maxContains": count,
	"minimum": number, "maximum": number, "exclusiveMinimum": number, "exclusiveMaximum": number,
	"multipleOf": positive,
	"type":       typeNames, "enum": literals, "required": names, "dependentRequired": namesByName,
	"pattern": expression, "const": anything,
}

// newer holds the keywords that schemas of OpenAPI 3.0 do not have (section
// 4.7.24.1).
var newer = map[string]bool{
	"if": true, "then": true, "else": true, "propertyNames": true, "contains": true,
	"unevaluatedItems": true, "unevaluatedProperties": true, "contentSchema": true, "additionalItems": true,
	"dependentSchemas": true, "patternProperties": true, "dependencies": true, "prefixItems": true,
	"contentEncoding": true, "contentMediaType": true, "minContains": true, "maxContains": true,
	"dependentRequired": true, "const": true,
}

// identity holds the keywords that name schemas. References are resolved before
// the library sees them, so that it needs none.
var identity = map[string]bool{
	"$id": true, "$anchor": true, "$schema": true, "$defs": true, "definitions": true,
	"$dynamicAnchor": true, "$recursiveAnchor": true, "$vocabulary": true, "$comment": true,
	"id": true,
}

// typesOf3 are the types of a schema.
var jsonTypes = map[string]bool{
	"string": true, "number": true, "integer": true, "boolean": true, "array": true, "object": true, "null": true,
}
