package contract

import (
	"time"
)

// ContractSchema names the form of a [Contract] on disk.
const ContractSchema = "twinspect.dev/contract/consumer"

// ContractVersion is the version of that form. A reader must refuse a greater
// major number.
const ContractVersion = "1.0"

// Contract is what one consumer relies on of one provider, as recorded traffic
// shows it. Two contracts of the same pair, out of different recordings, can be
// merged: the counts are sums, and nothing else depends on which came first.
type Contract struct {
	Schema  string
	Version string

	Consumer, Provider string
	// Document is the provider's, nil where none was given.
	Document *DocumentInfo
	// From and To enclose the exchanges.
	From, To time.Time
	// Interactions are sorted by operation.
	Interactions []Interaction
}

// Interaction is one operation of the provider that the consumer calls.
type Interaction struct {
	// Operation is "GET /products/{id}"; OperationID is the document's, "" where it
	// has none.
	Operation, OperationID string
	// Calls counts the exchanges.
	Calls uint64
	// For counts them by the consumer's own operation that caused them: why they
	// are made. "" are those that no call to the consumer caused.
	For map[string]uint64
	// Request holds the parts of the requests, sorted by place: "path id", "query
	// limit", "header Accept", "body /lines/*/sku". An item of an array, and a key of
	// an object that is used as a map, is "*".
	Request []Field
	// Responses are sorted by status.
	Responses []Answer
}

// Answer is what the consumer got with one status.
type Answer struct {
	Status int
	Calls  uint64
	// MediaType is the most frequent one, without parameters; "" for no body.
	MediaType string
	// Fields are sorted by place: "header ETag", "body /items/*/price". Those that
	// the document declares and that were never present are among them.
	Fields []Field
	// Example is an exchange that was answered so, without secrets; nil where none
	// may be shown.
	Example *Sample
}

// Sample is an exchange whose bodies are trees of values.
type Sample struct {
	Target         string // path and query
	Request        any    // nil without a body, or where it is no JSON
	Response       any
	RequestHeader  map[string]string
	ResponseHeader map[string]string
}

// Field is what the samples say of one part of a message.
type Field struct {
	At Place
	// Seen counts how often it was there, Of how often it could have been: as often
	// as what holds it was there. It is optional where Seen is less than Of.
	Seen, Of uint64
	// Types counts its values by type of JSON: "string", "integer", "number",
	// "boolean", "null", "object", "array". An integer is a number without a
	// fraction.
	Types map[string]uint64
	// Values counts its values by their text, as long as there are few enough to be
	// an enumeration; nil where there are more, and for secrets. Many says that
	// there are more.
	Values map[string]uint64
	Many   bool
	// Class is the form that all its strings have, such as "uuid" or "date-time"; ""
	// for none.
	Class string
	// Min and Max bound its numbers, as they stood in the messages; MinLen and
	// MaxLen the lengths of its strings in characters, or of its arrays in items.
	Min, Max       string
	MinLen, MaxLen int
	// Usage says whether the consumer does anything with it. It is the zero value
	// in requests.
	Usage Usage
}

// Optional reports whether the field was missing where it could have been.
func (f *Field) Optional() bool { return f.Seen < f.Of }

// State says what a consumer does with a field of a response.
type State string

// The states. Seen is not a proof that a consumer can do without it: a decision
// that is taken by a field leaves no value to follow.
const (
	Used  State = "used"  // its values are in what the consumer did next
	Seen  State = "seen"  // it came, and nothing shows that it is used
	Never State = "never" // the document declares it, and it never came
)

// Usage says whether a consumer uses a field, and by what this is known.
type Usage struct {
	State State
	// Calls counts the calls in which its value was followed, of those in which it
	// was present.
	Calls, Of uint64
	// Confidence is the probability, at least, that it is no coincidence: 0 to 1.
	Confidence float64
	// Evidence is sorted by confidence, the highest first; ten at most.
	Evidence []Evidence
}

// How tells by which comparison a value was followed.
type How string

// The comparisons, the surest first.
const (
	Exact     How = "exact"     // the same text, or the same subtree
	Numeric   How = "numeric"   // the same number in another form: 1.50 and 1.5, or as text
	Substring How = "substring" // as a part of a longer text
	Computed  How = "computed"  // a sum or a product of it
	Decides   How = "decides"   // what the consumer does next depends on it
)

// Evidence is one place at which the values of a field come again.
type Evidence struct {
	How How
	// Into is what the consumer sent: "answer GET /cart body /lines/*/price" for its
	// own answer, "request catalog GET /products/{id} path id" for a later request.
	Into string
	// Matched counts the samples in which the value came again there, of Samples;
	// Chance those in which it would have come again out of another trace.
	Matched, Chance, Samples uint64
}
