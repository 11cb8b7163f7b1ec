// Package pact reads and writes Pact files: version 1, 1.1, 2, 3 and 4 of the Pact
// specification (https://github.com/pact-foundation/pact-specification), HTTP and
// messages.
//
// What a file says beyond the specification is kept in the fields named Extra, so
// that reading and writing loses nothing.
package pact

// Version is a version of the specification: 1 to 4, or [V11].
type Version string

// The versions.
const (
	V1  Version = "1.0.0"
	V11 Version = "1.1.0"
	V2  Version = "2.0.0"
	V3  Version = "3.0.0"
	V4  Version = "4.0"
)

// Pact is what one consumer expects of one provider.
type Pact struct {
	Consumer, Provider string
	Version            Version
	Interactions       []Interaction
	// Metadata is what the file says beside its version, kept as it was.
	Metadata map[string]any
	// ConsumerExtra, ProviderExtra and Extra are what the file says besides of the
	// two and of itself.
	ConsumerExtra, ProviderExtra, Extra map[string]any
	// origin is the version of the file that was read: what that said, it may say
	// again, even where the specification does not have it.
	origin Version
}

// Kind tells what an interaction is.
type Kind string

// The kinds, by the names of version 4.
const (
	HTTP         Kind = "Synchronous/HTTP"
	AsyncMessage Kind = "Asynchronous/Messages"
	SyncMessage  Kind = "Synchronous/Messages"
)

// Interaction is one thing that the consumer expects.
type Interaction struct {
	Kind        Kind
	Description string
	// Key is version 4's, "" where there is none.
	Key     string
	Pending bool
	States  []State
	// Request and Response are those of HTTP.
	Request  *Request
	Response *Response
	// Messages holds the message of [AsyncMessage], or the request and then the
	// answers of [SyncMessage].
	Messages []Message
	Comments map[string]any
	// Place is where it stands in the file: a JSON pointer.
	Place string
	// Extra holds interactionMarkup, pluginConfiguration and what is not known.
	Extra map[string]any
}

// State is a provider state, which must be so before the interaction.
type State struct {
	Name   string
	Params map[string]any
	Extra  map[string]any
}

// Body is the content of a request, of a response or of a message.
type Body struct {
	Presence Presence
	// ContentType is what the file says, or what is found from the header; "" for
	// neither.
	ContentType string
	// Value is the tree of a JSON body, numbers as json.Number. Text is any other.
	Value any
	Text  []byte
	// IsJSON says that Value counts.
	IsJSON bool
	// Encoded is version 4's "encoded", such as "base64" or "JSON": the form in which
	// the file holds the content; "" for the plain one. Quoted says that the file
	// holds the text of a JSON value instead of the value. Neither changes what the
	// body is.
	Encoded string
	Quoted  bool
	// Hint is version 4's "contentTypeHint": "BINARY", "TEXT" or "".
	Hint  string
	Extra map[string]any
	// declared says that ContentType stands with the body, not in a header.
	declared bool
}

// Presence tells a body that is not spoken of from one that must be empty.
type Presence uint8

// The presences.
const (
	Missing Presence = iota // any body will do
	Empty
	Null
	Present
)

// Request is what is sent.
type Request struct {
	Method, Path string
	Query        map[string][]string
	// QueryText is what version 1.0 compares, as one text; "" in other versions.
	QueryText  string
	Header     map[string][]string
	Body       Body
	Rules      Rules
	Generators Generators
	Extra      map[string]any
}

// Response is what is expected.
type Response struct {
	// Status is 0 where the file has none, and any will do.
	Status     int
	Header     map[string][]string
	Body       Body
	Rules      Rules
	Generators Generators
	Extra      map[string]any
}

// Message is a message of no protocol.
type Message struct {
	Metadata   map[string]any
	Body       Body
	Rules      Rules
	Generators Generators
	Extra      map[string]any
}

// Category is a part of a message that rules are about: "method", "path", "query",
// "header", "body", "status" or "metadata".
type Category string

// Rules are matching rules by category, then by path: the name of a header or of a
// query parameter, "" for path, method and status, or a path such as
// "$.items[*].id" in a body.
type Rules map[Category]map[string]RuleList

// RuleList are the rules at one path.
type RuleList struct {
	// Any says that one of them is enough ("combine": "OR").
	Any   bool
	Rules []Rule
	Extra map[string]any
}

// Rule is one matching rule.
type Rule struct {
	// Match is its name: "type", "regex", "equality", "include", "integer",
	// "decimal", "number", "boolean", "null", "date", "time", "timestamp",
	// "datetime", "values", "contentType", "notEmpty", "semver", "statusCode",
	// "arrayContains", "eachKey", "eachValue". One that is not known is kept. "" is
	// found from the options; see [Rule.Name].
	Match string
	// Options are its further fields, such as "min", "regex" or "status".
	Options map[string]any
}

// Generators make values anew when an interaction is sent, by category, then by
// path.
type Generators map[Category]map[string]Generator

// Generator is one generator, such as {"type": "RandomInt", "min": 1, "max": 9}.
type Generator struct {
	Type    string
	Options map[string]any
}
