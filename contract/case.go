// Package contract is the domain of contracts: what a provider promises and what
// its consumers use, the cases that test a promise, and what was found.
//
// Values of requests and answers are trees as encoding/json gives them, numbers
// as [encoding/json.Number], so that none loses a digit.
package contract

import "strings"

// Part is what a suite has for one operation.
type Part struct {
	Operation string
	// Setup is nil where the operation needs none.
	Setup *Setup
	Cases []Case
	// Gaps are what no case could be made for.
	Gaps []Gap
}

// Setup is what must be there before an operation can be tested, such as the
// product that is to be read. It is made for the cases of one request: where such
// a request has no value at the place of a Use, it gets the setup's.
type Setup struct {
	Operation string
	Steps     []Step
	Use       []Use
}

// DocumentInfo names an OpenAPI document.
type DocumentInfo struct {
	Path    string `json:"path"`
	Title   string `json:"title,omitempty"`
	Version string `json:"version,omitempty"` // of the service, info.version
	OpenAPI string `json:"openapi"`           // of the format, such as 3.0.3
	// SHA256 is of the bytes of the document's first file, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Gap is a part of a document that no case could be made for.
type Gap struct {
	Operation string `json:"operation,omitempty"`
	At        Place  `json:"at,omitempty"`
	// Rule is what was to be tested, "" where it is the whole part.
	Rule Rule `json:"rule,omitempty"`
	// Why says in a sentence why it could not be.
	Why string `json:"why"`
}

// Kind tells what a case expects of the provider.
type Kind string

// The kinds of cases.
const (
	Positive Kind = "positive" // the request keeps to the document: it must be accepted
	Negative Kind = "negative" // the request breaks the document in one way: it must be rejected
	Sequence Kind = "sequence" // several requests, each of which needs the ones before
)

// Rule is the reason of a case: the keyword of JSON Schema that it tests, such as
// "maximum", or one of the rules below.
type Rule string

// The rules that are no keywords.
const (
	RuleExample     Rule = "example"     // as the document shows it
	RuleRecorded    Rule = "recorded"    // as recorded traffic had it
	RuleOrdinary    Rule = "ordinary"    // every part in the middle of what is allowed
	RuleMinimal     Rule = "minimal"     // what is optional is absent
	RuleMaximal     Rule = "maximal"     // what is optional is present
	RulePairwise    Rule = "pairwise"    // two parts at their bounds together
	RuleBranch      Rule = "branch"      // one branch of a union
	RuleRandom      Rule = "random"      // drawn by the seed
	RuleMissing     Rule = "missing"     // a required part is absent
	RuleNull        Rule = "null"        // null where it is not allowed
	RuleMalformed   Rule = "malformed"   // the body is not of its media type
	RuleMediaType   Rule = "media-type"  // a media type that is not declared
	RuleMethod      Rule = "method"      // a method that the path does not declare
	RuleCredentials Rule = "credentials" // none, or wrong ones
	RuleOversized   Rule = "oversized"   // far longer than any client sends
	RuleUnicode     Rule = "unicode"     // text that programs stumble over
	RuleLink        Rule = "link"        // by a link of the document
	RuleLifecycle   Rule = "lifecycle"   // created, read, updated, read, deleted, read
	RulePages       Rule = "pages"       // a list followed to its last page
	RuleRepeat      Rule = "repeat"      // the same request twice
)

// Source tells where the values of a case come from.
type Source string

// The sources.
const (
	FromExample  Source = "example"  // of the document
	FromSchema   Source = "schema"   // made to fit, or to break, the schema
	FromRecorded Source = "recorded" // traffic
	FromLink     Source = "link"     // a link that the document declares
	FromInferred Source = "inferred" // names, schemas and Location that fit each other
)

// Place is a part of a request or of an answer, as "query limit", "path id",
// "header If-Match", "cookie session", "body /items/0/quantity" (RFC 6901),
// "body", "target" or "status".
type Place string

// At makes a place of a part and a name in it.
func At(part, name string) Place {
	if name == "" {
		return Place(part)
	}
	return Place(part + " " + name)
}

// Split returns the part and the name in it, which may be "".
func (p Place) Split() (part, name string) {
	part, name, _ = strings.Cut(string(p), " ")
	return part, name
}

// Case is one test of a provider: requests in order, and what must be true of
// their answers.
type Case struct {
	// ID is stable from run to run and unique in a suite, such as
	// "get-products/query-limit-maximum".
	ID        string
	Operation string // "GET /products/{id}", the one that the case is about
	Kind      Kind
	Rule      Rule
	// At is the part of the request that Rule is about, "" for all of it.
	At     Place
	Source Source
	// Why says in a sentence to a person why the case exists.
	Why   string
	Steps []Step
}

// Step is one request of a case.
type Step struct {
	// Name tells it from the other steps of the case.
	Name      string
	Operation string
	Request   Request
	// Use takes values out of earlier answers.
	Use []Use
	// Pages sends the step again until the list has ended; nil sends it once.
	Pages  *Pages
	Expect Expect
}

// Request says what is sent, by the parameters' names and with their decoded
// values. How they are written on the wire is the document's matter.
type Request struct {
	// Method and Target are set only where they are not the operation's own.
	Method, Target              string
	Path, Query, Header, Cookie map[string]any
	Body                        *Body
	// Credentials are those that the operation asks for, unless this says else.
	Credentials Credentials
}

// Body is the body of a request.
type Body struct {
	// MediaType is the one to encode Value by, and the Content-Type; "" sends none.
	MediaType string
	// Value is encoded by the media type, unless Raw is there.
	Value any
	// Raw is sent as it is.
	Raw []byte
}

// Credentials says with which credentials a step is sent.
type Credentials string

// The credentials. "" are those that the operation asks for.
const (
	NoCredentials    Credentials = "none"
	WrongCredentials Credentials = "wrong"
)

// Use puts a value of an earlier step into a request, such as the id that a
// creation answered with into the path.
type Use struct {
	Step string // the earlier step's name
	// From is where its value is: in its answer "body /id", "header Location"; in
	// what was sent to it "request path id", "request body /name".
	From Place
	// Into is where it goes: "path id", "query cursor", "header If-Match",
	// "body /orderId", or "target", which takes a Location as the whole target.
	Into Place
}

// Pages says how the next page of a list is asked for.
type Pages struct {
	// Into is the parameter that chooses the page.
	Into Place
	// Next is where the answer tells the value for the next page, such as "body
	// /next" or "header Link" (RFC 8288, rel=next, which replaces the target); ""
	// counts Into up by Step.
	Next Place
	Step int
	// Items is where the answer's list is; the last page is the one where it is
	// empty or Next is absent.
	Items Place
	// Max is how many pages are asked for at most.
	Max int
}

// Expect is what must be true of the answer to a step, beside what the document
// says of every answer.
type Expect struct {
	// Check is what is broken where the rest is not as expected.
	Check Check
	// Status holds the statuses that are right, such as "2XX" or "404"; none where
	// any will do that the document declares.
	Status []string
	// Kept names earlier steps, parted by spaces: the fields that they sent, later
	// ones over earlier, and that this answer has, must have the values that were
	// sent.
	Kept string
	// Same names an earlier step whose answer this one must be like.
	Same string
	// Listed names an earlier step: what it created must stand in this list;
	// Unlisted one whose creation must not.
	Listed, Unlisted string
}

// StatusFits reports whether a status fits a pattern: "404", "4XX", "default".
func StatusFits(pattern string, status int) bool {
	if len(pattern) != 3 {
		return pattern == "default"
	}
	text := [3]byte{byte('0' + status/100%10), byte('0' + status/10%10), byte('0' + status%10)}
	for i := range text {
		if c := pattern[i]; c != text[i] && c != 'X' && c != 'x' {
			return false
		}
	}
	return true
}
