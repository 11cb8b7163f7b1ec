package compat

import "slices"

// Rules are all that [Compare] can tell, sorted by their ids. They must not be
// changed.
var Rules = rules()

func rules() []Rule {
	list := slices.Clone(around[:])
	for _, r := range around {
		if r.Direction == Operation {
			list = append(list, ofWebhook(r))
		}
	}
	for _, k := range kinds {
		list = append(list,
			Rule{"request-" + k.id, k.request, InRequest, "In a request, " + k.text},
			Rule{"response-" + k.id, k.response, InResponse, "In an answer, " + k.text},
			Rule{webhookRequest + k.id, k.response, InResponse, "In a request of the provider, " + k.text},
			Rule{webhookResponse + k.id, k.request, InRequest, "In an answer to the provider, " + k.text})
	}
	slices.SortFunc(list, func(a, b Rule) int { return compareText(a.ID, b.ID) })
	return list
}

// kind is a change of a schema, and what it means in either direction. What narrows
// breaks requests, what widens breaks answers, and what does neither breaks both.
type kind struct {
	id                string
	request, response Level
	text              string
}

func (k *kind) level(d Direction) Level {
	if d == InRequest {
		return k.request
	}
	return k.response
}

// kinds are the changes of schemas.
var kinds = [...]kind{
	schemaForbidden:  {"schema-forbidden", Breaking, Safe, "no value is allowed any longer."},
	schemaAllowed:    {"schema-allowed", Safe, Breaking, "values are allowed where none was."},
	typeNarrowed:     {"type-narrowed", Breaking, Safe, "fewer types are allowed."},
	typeWidened:      {"type-widened", Safe, Breaking, "more types are allowed."},
	typeChanged:      {"type-changed", Breaking, Breaking, "other types are allowed."},
	typeStated:       {"type-stated", Risky, Safe, "the type is required that the other keywords suggested."},
	typeUnstated:     {"type-unstated", Safe, Risky, "the type is only suggested by other keywords."},
	becameNullable:   {"became-nullable", Safe, Breaking, "null is allowed."},
	becameNotNull:    {"became-not-nullable", Breaking, Safe, "null is not allowed any longer."},
	enumAdded:        {"became-enum", Breaking, Safe, "only listed values are allowed."},
	enumDropped:      {"enum-dropped", Safe, Breaking, "other values than the listed ones are allowed."},
	enumValueAdded:   {"enum-value-added", Safe, Breaking, "a value was added to those that are allowed."},
	enumValueGone:    {"enum-value-removed", Breaking, Safe, "a value is not allowed any longer."},
	enumExtended:     {"extensible-enum-value-added", Safe, Safe, "a value was added to a list that was said to grow."},
	enumExtensible:   {"became-extensible-enum", Safe, Risky, "the listed values were said to grow."},
	enumClosed:       {"extensible-enum-closed", Risky, Safe, "the listed values are not said to grow any longer."},
	extensibleGone:   {"extensible-enum-value-removed", Breaking, Safe, "a value was removed from a list that was said to grow."},
	minimumRaised:    {"minimum-increased", Breaking, Safe, "the least number is greater, or was set."},
	minimumLowered:   {"minimum-decreased", Safe, Breaking, "the least number is smaller, or was removed."},
	maximumLowered:   {"maximum-decreased", Breaking, Safe, "the greatest number is smaller, or was set."},
	maximumRaised:    {"maximum-increased", Safe, Breaking, "the greatest number is greater, or was removed."},
	minLengthRaised:  {"min-length-increased", Breaking, Safe, "the least length of a string is greater."},
	minLengthLowered: {"min-length-decreased", Safe, Breaking, "the least length of a string is smaller."},
	maxLengthLowered: {"max-length-decreased", Breaking, Safe, "the greatest length of a string is smaller, or was set."},
	maxLengthRaised:  {"max-length-increased", Safe, Breaking, "the greatest length of a string is greater, or was removed."},
	minItemsRaised:   {"min-items-increased", Breaking, Safe, "the least number of items is greater."},
	minItemsLowered:  {"min-items-decreased", Safe, Breaking, "the least number of items is smaller."},
	maxItemsLowered:  {"max-items-decreased", Breaking, Safe, "the greatest number of items is smaller, or was set."},
	maxItemsRaised:   {"max-items-increased", Safe, Breaking, "the greatest number of items is greater, or was removed."},
	minPropsRaised:   {"min-properties-increased", Breaking, Safe, "the least number of properties is greater."},
	minPropsLowered:  {"min-properties-decreased", Safe, Breaking, "the least number of properties is smaller."},
	maxPropsLowered:  {"max-properties-decreased", Breaking, Safe, "the greatest number of properties is smaller, or was set."},
	maxPropsRaised:   {"max-properties-increased", Safe, Breaking, "the greatest number of properties is greater, or was removed."},
	uniqueSet:        {"unique-items-set", Breaking, Safe, "items must differ from each other."},
	uniqueUnset:      {"unique-items-unset", Safe, Breaking, "items need not differ from each other any longer."},
	multipleNarrowed: {"multiple-of-narrowed", Breaking, Safe, "numbers must be multiples of a greater step, or of one at all."},
	multipleWidened:  {"multiple-of-widened", Safe, Breaking, "numbers may be multiples of a smaller step, or of none."},
	multipleChanged:  {"multiple-of-changed", Breaking, Breaking, "numbers must be multiples of another step."},
	patternAdded:     {"pattern-added", Breaking, Safe, "strings must match a pattern."},
	patternRemoved:   {"pattern-removed", Safe, Breaking, "strings need not match a pattern any longer."},
	patternChanged:   {"pattern-changed", Risky, Risky, "strings must match another pattern; whether that is more or less is not known."},
	formatAdded:      {"format-added", Breaking, Safe, "values must have a format."},
	formatRemoved:    {"format-removed", Safe, Breaking, "values need not have a format any longer."},
	formatChanged:    {"format-changed", Breaking, Breaking, "values must have another format."},
	defaultAdded:     {"default-added", Safe, Safe, "a default was added."},
	defaultRemoved:   {"default-removed", Risky, Safe, "the default was removed: what is left out means something else."},
	defaultChanged:   {"default-changed", Risky, Safe, "the default was changed: what is left out means something else."},

	propertyGone:       {"property-removed", Risky, Breaking, "a property is not declared any longer: what is sent is ignored; what was always there need not come."},
	propertyRefused:    {"property-refused", Breaking, Breaking, "a property is not allowed any longer."},
	optionalGone:       {"optional-property-removed", Risky, Risky, "a property that could be missing is not declared any longer."},
	optionalRefused:    {"optional-property-refused", Breaking, Risky, "a property that could be missing is not allowed any longer."},
	requiredAdded:      {"required-property-added", Breaking, Safe, "a property must be there that was not declared before."},
	requiredDefault:    {"required-property-added-with-default", Risky, Safe, "a property must be there that was not declared before, though it has a default."},
	optionalAdded:      {"optional-property-added", Safe, Safe, "a property may be there that was not declared before."},
	addedToClosed:      {"property-added-to-closed", Safe, Risky, "a property may be there where further ones were said never to come."},
	becameRequired:     {"property-became-required", Breaking, Safe, "a property must be there that could be missing."},
	becameRequiredDef:  {"property-became-required-with-default", Risky, Safe, "a property must be there that could be missing, though it has a default."},
	becameOptional:     {"property-became-optional", Safe, Breaking, "a property may be missing that was always there."},
	becameReadOnly:     {"property-became-read-only", Risky, Safe, "a property is the provider's: what is sent is ignored."},
	becameNotReadOnly:  {"property-became-not-read-only", Safe, Safe, "a property may be sent that was the provider's."},
	becameSentRequired: {"required-property-became-not-read-only", Breaking, Safe, "a property must be sent that was the provider's."},
	becameWriteOnly:    {"property-became-write-only", Safe, Risky, "a property that could be missing does not come any longer."},
	requiredWriteOnly:  {"required-property-became-write-only", Safe, Breaking, "a property that was always there does not come any longer."},
	becameNotWriteOnly: {"property-became-not-write-only", Safe, Safe, "a property comes that was only sent."},
	additionalClosed:   {"additional-properties-forbidden", Breaking, Safe, "properties that are not declared are not allowed any longer."},
	additionalOpened:   {"additional-properties-allowed", Safe, Risky, "properties that are not declared are allowed."},
	patternPropAdded:   {"pattern-property-added", Breaking, Safe, "properties whose names match a pattern must fit a schema."},
	patternPropGone:    {"pattern-property-removed", Safe, Breaking, "properties whose names match a pattern need not fit a schema any longer."},
	namesAdded:         {"property-names-added", Breaking, Safe, "the names of properties must fit a schema."},
	namesGone:          {"property-names-removed", Safe, Breaking, "the names of properties need not fit a schema any longer."},
	deprecatedSet:      {"schema-deprecated", Safe, Safe, "a value is deprecated."},
	deprecatedUnset:    {"schema-reactivated", Safe, Safe, "a value is not deprecated any longer."},

	tupleLonger:     {"prefix-items-added", Breaking, Safe, "an item at a certain index must fit a schema of its own."},
	tupleShorter:    {"prefix-items-removed", Safe, Breaking, "an item at a certain index need not fit a schema of its own any longer."},
	branchAdded:     {"alternative-added", Safe, Breaking, "values of one more alternative are allowed."},
	branchGone:      {"alternative-removed", Breaking, Safe, "values of one of the alternatives are not allowed any longer."},
	branchOverlap:   {"alternatives-overlap", Breaking, Safe, "what fits more than one of the alternatives is refused (oneOf)."},
	tagAdded:        {"discriminator-added", Risky, Safe, "a property tells the alternatives apart."},
	tagGone:         {"discriminator-removed", Safe, Risky, "no property tells the alternatives apart any longer."},
	tagChanged:      {"discriminator-changed", Risky, Risky, "another property tells the alternatives apart."},
	mappingAdded:    {"discriminator-mapping-added", Safe, Risky, "one more value names an alternative."},
	mappingGone:     {"discriminator-mapping-removed", Risky, Safe, "a value names no alternative any longer."},
	mappingChanged:  {"discriminator-mapping-changed", Risky, Risky, "a value names another alternative."},
	keywordAdded:    {"constraint-added", Breaking, Safe, "values must keep to one more keyword."},
	keywordRemoved:  {"constraint-removed", Safe, Breaking, "values need not keep to a keyword any longer."},
	keywordChanged:  {"constraint-changed", Breaking, Breaking, "values must keep to a keyword that says something else."},
	encodingChanged: {"encoding-changed", Breaking, Breaking, "values are written in another way."},
}

// The changes of schemas.
const (
	schemaForbidden = iota
	schemaAllowed
	typeNarrowed
	typeWidened
	typeChanged
	typeStated
	typeUnstated
	becameNullable
	becameNotNull
	enumAdded
	enumDropped
	enumValueAdded
	enumValueGone
	enumExtended
	enumExtensible
	enumClosed
	extensibleGone
	minimumRaised
	minimumLowered
	maximumLowered
	maximumRaised
	minLengthRaised
	minLengthLowered
	maxLengthLowered
	maxLengthRaised
	minItemsRaised
	minItemsLowered
	maxItemsLowered
	maxItemsRaised
	minPropsRaised
	minPropsLowered
	maxPropsLowered
	maxPropsRaised
	uniqueSet
	uniqueUnset
	multipleNarrowed
	multipleWidened
	multipleChanged
	patternAdded
	patternRemoved
	patternChanged
	formatAdded
	formatRemoved
	formatChanged
	defaultAdded
	defaultRemoved
	defaultChanged
	propertyGone
	propertyRefused
	optionalGone
	optionalRefused
	requiredAdded
	requiredDefault
	optionalAdded
	addedToClosed
	becameRequired
	becameRequiredDef
	becameOptional
	becameReadOnly
	becameNotReadOnly
	becameSentRequired
	becameWriteOnly
	requiredWriteOnly
	becameNotWriteOnly
	additionalClosed
	additionalOpened
	patternPropAdded
	patternPropGone
	namesAdded
	namesGone
	deprecatedSet
	deprecatedUnset
	tupleLonger
	tupleShorter
	branchAdded
	branchGone
	branchOverlap
	tagAdded
	tagGone
	tagChanged
	mappingAdded
	mappingGone
	mappingChanged
	keywordAdded
	keywordRemoved
	keywordChanged
	encodingChanged
)
