//go:build e2e

package compat

// onlyTheirs are what the peer says breaks and we do not.
var onlyTheirs = []exception{
	{"checker/webhook_operation_base", "request-body-became-required", "it is the provider that always sends it now: the way back breaks, which they do not tell"},
	{"stability/", "request-property-stability-decreased", "x-stability-level is an extension of theirs: no value depends on it"},
	{"stability/", "response-property-stability-decreased", "x-stability-level is an extension of theirs"},
	{"checker/api_security_added_revision", "api-security-removed", "no credentials are needed where they were: whoever sent them is still let in"},

	{"checker/request_parameter_", "request-parameter-became-enum", unusedPath},
	{"checker/request_parameter_", "request-parameter-type-changed", unusedPath},
	{"checker/request_parameter_", "request-parameter-enum-value-removed", unusedPath},
	{"checker/request_parameter_", "request-parameter-x-extensible-enum-value-removed", unusedPath},
	{"checker/request_parameter_", "request-parameter-max-items-decreased", unusedPath},
	{"checker/request_parameter_", "request-parameter-max-decreased", unusedPath},
	{"checker/request_parameter_", "request-parameter-min-increased", unusedPath},

	{"list-of-types/param-", "request-parameter-list-of-types-narrowed", "in a query, numbers and booleans are written as text, which a string may be"},
	{"list-of-types/param-", "request-parameter-property-list-of-types-narrowed", "in a query, numbers and booleans are written as text"},
	{"checker/transition_claims_enum", "request-property-enum-value-removed", "the values that were listed are strings, and strings are allowed"},

	{"checker/request_body_any_of_media_type", "request-body-any-of-removed", alike},
	{"checker/request_property_any_of_", "request-body-any-of-removed", alike},
	{"checker/request_property_any_of_", "request-property-any-of-removed", alike},
	{"checker/request_property_one_of_", "request-body-one-of-removed", alike},
	{"checker/request_property_one_of_", "request-property-one-of-removed", alike},
	{"checker/response_property_any_of_", "response-body-any-of-added", alike},
	{"checker/response_property_any_of_", "response-property-any-of-added", alike},
	{"x-of/inline-ref-standalone", "request-body-any-of-removed", alike},
	{"x-of/multi-refs", "request-body-one-of-removed", alike},
	{"octokit", "request-body-one-of-removed", alike},
	{"octokit", "response-body-any-of-added", "the alternatives are the same, and what is in them only got more properties"},
	{"octokit", "response-property-any-of-added", alike},
	{"octokit", "response-required-property-removed", "a reference became an allOf of the same reference and more: nothing was removed"},
}

const (
	unusedPath = "a path parameter that the path does not have: the document is loaded without it"
	alike      = "another of the alternatives accepts the same values"
)

// onlyOurs are what we say breaks and the peer does not.
var onlyOurs = []exception{
	{"checker/api_security_", "security-added", "credentials are needed where none were; theirs tells one more way to prove oneself"},
	{"checker/allof_property_existence", "request-required-property-added", "of an item of allOf that they match with no other"},
	{"checker/allof_property_existence", "request-type-changed", "a string became an integer, in an item of allOf that they match with no other"},
	{"checker/nil_revision_subschema", "request-type-narrowed", "items of any type became objects"},
	{"checker/prefix_items_", "request-prefix-items-added", "an item must fit a schema; theirs warns"},
	{"checker/prefix_items_", "response-prefix-items-removed", "an item need not fit a schema; theirs warns"},
	{"checker/request_param_nullable_to_array", "request-type-changed", "repeated values are sent where one is read"},
	{"checker/request_param_scalar_to_constrained_array", "request-type-changed", "repeated values are sent where one is read"},
	{"checker/request_xml_type_compatible", "request-type-changed", "an element with text became one with elements"},
	{"checker/response_xml_type_compatible", "response-type-changed", "an element with text became one with elements"},
	{"checker/schema_became_false", "response-schema-allowed", "values come where it was said that none would"},
	{"checker/sub_schema_added_property", "request-constraint-changed", "what a keyword says that neither narrows nor widens is compared as a whole"},
	{"checker/unevaluated_bool", "request-additional-properties-forbidden", "unevaluatedProperties became false"},
	{"checker/webhook_operation_revision", "webhook-request-body-became-optional", "the provider sends it, and may leave it out: they take it as if the consumer sent it"},
	{"octokit", "response-enum-value-added", "in items of issue_field_values, as they tell of GET: of PATCH the answer became an allOf of itself and more, below which they do not look"},
	{"pattern-base", "response-pattern-removed", "strings match .* where they matched a pattern: theirs tells it of requests alone"},
	{"required-properties/request-new-required-prop", "request-property-became-required", "what must be there is named by required, whether it is declared or not"},
	{"required-properties/response-allof", "response-property-removed", "a required property was removed in an item of allOf"},
	{"required-properties/write-only-changed", "response-required-property-became-write-only", "it does not come any longer"},
	{"x-of/base.json", "response-property-became-optional", "in an item of allOf"},
}
