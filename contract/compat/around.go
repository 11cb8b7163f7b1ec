package compat

import "strings"

// The changes around schemas.
const (
	operationRemoved = iota
	operationRetired
	operationEarly
	operationAdded
	operationUnread
	operationDeprecated
	operationReactivated
	sunsetEarlier
	sunsetRemoved
	operationIDChanged
	tagsChanged
	basePathRemoved
	basePathAdded
	parameterRequired
	parameterOptional
	parameterRemoved
	parameterMoved
	parameterStyle
	parameterMedia
	parameterNeeded
	parameterNotNeeded
	parameterEmpty
	parameterDeprecated
	parameterReactivated
	bodyRequired
	bodyOptional
	bodyRemoved
	bodyNeeded
	bodyNotNeeded
	requestMediaRemoved
	requestMediaAdded
	statusRemoved
	statusAdded
	errorRemoved
	errorAdded
	responseMediaRemoved
	responseMediaAdded
	responseBodyRemoved
	responseBodyAdded
	headerRemoved
	headerOptionalRemoved
	headerAdded
	headerNotPromised
	headerPromised
	securityAdded
	securityRemoved
	securityScopeAdded
	securityScopeRemoved
	securityWayRemoved
	securityWayAdded
	schemeChanged
	sentParameterRemoved
	sentOptionalRemoved
	sentParameterAdded
	sentNotPromised
	sentPromised
	sentParameterStyle
	sentBodyRemoved
	sentBodyAdded
	sentBodyNotPromised
	sentBodyPromised
	sentMediaRemoved
	sentMediaAdded
	takenStatusRemoved
	takenErrorRemoved
	takenStatusAdded
	takenBodyRemoved
	takenBodyAdded
	takenMediaRemoved
	takenMediaAdded
	takenHeaderNeeded
	takenHeaderOptional
	takenHeaderRemoved
	takenBecameNeeded
	takenBecameOptional
)

// around are the rules of all that is no schema.
var around = [...]Rule{
	operationRemoved:     {"operation-removed", Breaking, Operation, "An operation is not there any longer."},
	operationRetired:     {"operation-removed-as-announced", Risky, Operation, "An operation that was deprecated is not there any longer, and the day that was told is past or none was told."},
	operationEarly:       {"operation-removed-before-sunset", Breaking, Operation, "An operation is not there any longer before the day that was told, or that day cannot be read."},
	operationAdded:       {"operation-added", Safe, Operation, "There is one more operation."},
	operationUnread:      {"operation-not-compared", Risky, Operation, "An operation cannot be used in one of the documents: what changed is not known."},
	operationDeprecated:  {"operation-deprecated", Safe, Operation, "An operation is deprecated."},
	operationReactivated: {"operation-reactivated", Safe, Operation, "An operation is not deprecated any longer."},
	sunsetEarlier:        {"sunset-earlier", Risky, Operation, "An operation ends sooner than was told."},
	sunsetRemoved:        {"sunset-removed", Risky, Operation, "An operation is still deprecated, and the day of its end is not told any longer."},
	operationIDChanged:   {"operation-id-changed", Risky, Operation, "An operation has another operationId: clients generated from the document have other names."},
	tagsChanged:          {"operation-tags-changed", Safe, Operation, "An operation has other tags."},
	basePathRemoved:      {"server-base-path-removed", Breaking, Operation, "A path before the operation's own is not served any longer."},
	basePathAdded:        {"server-base-path-added", Safe, Operation, "There is one more path before the operation's own."},

	parameterRequired:    {"request-required-parameter-added", Breaking, InRequest, "A parameter must be sent that was not declared before."},
	parameterOptional:    {"request-optional-parameter-added", Safe, InRequest, "A parameter may be sent that was not declared before."},
	parameterRemoved:     {"request-parameter-removed", Risky, InRequest, "A parameter is not declared any longer: what is sent is ignored."},
	parameterMoved:       {"request-parameter-moved", Breaking, InRequest, "A parameter belongs elsewhere in the request."},
	parameterStyle:       {"request-parameter-style-changed", Breaking, InRequest, "A parameter is written in another way."},
	parameterMedia:       {"request-parameter-media-type-changed", Breaking, InRequest, "A parameter is written in another media type, or in none."},
	parameterNeeded:      {"request-parameter-became-required", Breaking, InRequest, "A parameter must be sent that could be left out."},
	parameterNotNeeded:   {"request-parameter-became-optional", Safe, InRequest, "A parameter may be left out."},
	parameterEmpty:       {"request-parameter-empty-refused", Risky, InRequest, "A parameter may not be empty any longer."},
	parameterDeprecated:  {"request-parameter-deprecated", Safe, InRequest, "A parameter is deprecated."},
	parameterReactivated: {"request-parameter-reactivated", Safe, InRequest, "A parameter is not deprecated any longer."},

	bodyRequired:        {"request-required-body-added", Breaking, InRequest, "A body must be sent where none was."},
	bodyOptional:        {"request-optional-body-added", Safe, InRequest, "A body may be sent where none was."},
	bodyRemoved:         {"request-body-removed", Breaking, InRequest, "No body is expected any longer."},
	bodyNeeded:          {"request-body-became-required", Breaking, InRequest, "The body must be sent that could be left out."},
	bodyNotNeeded:       {"request-body-became-optional", Safe, InRequest, "The body may be left out."},
	requestMediaRemoved: {"request-media-type-removed", Breaking, InRequest, "The body may not be sent in a media type any longer."},
	requestMediaAdded:   {"request-media-type-added", Safe, InRequest, "The body may be sent in one more media type."},

	statusRemoved:         {"response-success-status-removed", Breaking, InResponse, "A status of success is not declared any longer."},
	statusAdded:           {"response-success-status-added", Risky, InResponse, "One more status of success may come."},
	errorRemoved:          {"response-error-status-removed", Risky, InResponse, "A status is not declared any longer that was no success."},
	errorAdded:            {"response-error-status-added", Safe, InResponse, "One more status may come that is no success: its class tells what to do (RFC 9110 section 15)."},
	responseMediaRemoved:  {"response-media-type-removed", Breaking, InResponse, "The answer does not come in a media type any longer."},
	responseMediaAdded:    {"response-media-type-added", Safe, InResponse, "The answer may come in one more media type to those who accept it."},
	responseBodyRemoved:   {"response-body-removed", Breaking, InResponse, "The answer has no body any longer."},
	responseBodyAdded:     {"response-body-added", Safe, InResponse, "The answer has a body where it had none."},
	headerRemoved:         {"response-header-removed", Breaking, InResponse, "A header that always came is not declared any longer."},
	headerOptionalRemoved: {"response-optional-header-removed", Risky, InResponse, "A header that could be missing is not declared any longer."},
	headerAdded:           {"response-header-added", Safe, InResponse, "One more header may come."},
	headerNotPromised:     {"response-header-became-optional", Breaking, InResponse, "A header may be missing that always came."},
	headerPromised:        {"response-header-became-required", Safe, InResponse, "A header always comes that could be missing."},

	securityAdded:        {"security-added", Breaking, InRequest, "Credentials are needed where none were."},
	securityRemoved:      {"security-removed", Safe, InRequest, "No credentials are needed any longer."},
	securityScopeAdded:   {"security-scope-added", Breaking, InRequest, "Credentials need one more scope."},
	securityScopeRemoved: {"security-scope-removed", Safe, InRequest, "Credentials need one scope less."},
	securityWayRemoved:   {"security-alternative-removed", Breaking, InRequest, "A kind of credentials is not enough any longer."},
	securityWayAdded:     {"security-alternative-added", Safe, InRequest, "One more kind of credentials is taken."},
	schemeChanged:        {"security-scheme-changed", Breaking, InRequest, "Credentials of a name are something else, or are sent elsewhere."},

	sentParameterRemoved: {webhookRequest + "parameter-removed", Breaking, InResponse, "A parameter that the provider always sent is not declared any longer."},
	sentOptionalRemoved:  {webhookRequest + "optional-parameter-removed", Risky, InResponse, "A parameter that could be missing is not declared any longer."},
	sentParameterAdded:   {webhookRequest + "parameter-added", Safe, InResponse, "The provider may send one more parameter."},
	sentNotPromised:      {webhookRequest + "parameter-became-optional", Breaking, InResponse, "A parameter may be missing that the provider always sent."},
	sentPromised:         {webhookRequest + "parameter-became-required", Safe, InResponse, "The provider always sends a parameter that could be missing."},
	sentParameterStyle:   {webhookRequest + "parameter-style-changed", Breaking, InResponse, "The provider writes a parameter in another way."},
	sentBodyRemoved:      {webhookRequest + "body-removed", Breaking, InResponse, "The provider sends no body any longer."},
	sentBodyAdded:        {webhookRequest + "body-added", Safe, InResponse, "The provider sends a body where it sent none."},
	sentBodyNotPromised:  {webhookRequest + "body-became-optional", Breaking, InResponse, "A body may be missing that the provider always sent."},
	sentBodyPromised:     {webhookRequest + "body-became-required", Safe, InResponse, "The provider always sends a body that could be missing."},
	sentMediaRemoved:     {webhookRequest + "media-type-removed", Safe, InResponse, "The provider does not send a media type any longer: it sends one of the others, which consumers read."},
	sentMediaAdded:       {webhookRequest + "media-type-added", Breaking, InResponse, "The provider may send one more media type: consumers do not choose it."},
	takenStatusRemoved:   {webhookResponse + "success-status-removed", Breaking, InRequest, "The provider does not know a status of success any longer."},
	takenErrorRemoved:    {webhookResponse + "error-status-removed", Risky, InRequest, "The provider does not know a status any longer that was no success."},
	takenStatusAdded:     {webhookResponse + "status-added", Safe, InRequest, "The provider knows one more status."},
	takenBodyRemoved:     {webhookResponse + "body-removed", Risky, InRequest, "The provider reads no body of the answer any longer: what is sent is ignored."},
	takenBodyAdded:       {webhookResponse + "body-added", Risky, InRequest, "The provider reads a body of the answer where it read none; whether it must be there is not told."},
	takenMediaRemoved:    {webhookResponse + "media-type-removed", Breaking, InRequest, "The provider does not read a media type of answers any longer."},
	takenMediaAdded:      {webhookResponse + "media-type-added", Safe, InRequest, "The provider reads one more media type of answers."},
	takenHeaderNeeded:    {webhookResponse + "required-header-added", Breaking, InRequest, "An answer must have a header that was not declared before."},
	takenHeaderOptional:  {webhookResponse + "optional-header-added", Safe, InRequest, "An answer may have a header that was not declared before."},
	takenHeaderRemoved:   {webhookResponse + "header-removed", Risky, InRequest, "A header of answers is not declared any longer: what is sent is ignored."},
	takenBecameNeeded:    {webhookResponse + "header-became-required", Breaking, InRequest, "An answer must have a header that could be missing."},
	takenBecameOptional:  {webhookResponse + "header-became-optional", Safe, InRequest, "An answer may be without a header that it had to have."},
}

const (
	webhookRequest  = "webhook-request-"
	webhookResponse = "webhook-response-"
)

// ofWebhook is the rule of an operation as one of a webhook.
func ofWebhook(r Rule) Rule {
	r.ID = "webhook-" + strings.TrimPrefix(r.ID, "operation-")
	r.Text = strings.Replace(r.Text, "n operation", " webhook or callback", 1)
	return r
}
