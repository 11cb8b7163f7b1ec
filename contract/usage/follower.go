package usage

import (
	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
)

// Follower follows values through chains. It is used by one goroutine at a time.
type Follower struct {
	reader  *reader
	books   map[bookKey]*book
	origins map[originKey]*origin
	flows   int
	held    int // pairs of all origins

	calls    capture.Stats
	pairs    capture.Stats
	computed capture.Stats
	tallied  uint64 // counts the responses that were looked up
	judged   map[string]*judgement
	// Scratch of one chain and group.
	known, index index
	entries      []entry
	messages     []message
	sent         []dispatch
	flowOf       []*flow
	present      map[*spot]bool
}

type bookKey struct{ role, service, operation string }

// New returns a follower that has seen nothing.
func New() *Follower {
	return &Follower{
		reader:  newReader(),
		books:   make(map[bookKey]*book),
		origins: make(map[originKey]*origin),
		present: make(map[*spot]bool),
	}
}

// See follows the values of one chain, of which it keeps nothing.
func (f *Follower) See(c *join.Chain) {
	f.judged = nil
	r := f.read(c)
	for _, g := range groups(c) {
		f.group(r, g)
	}
}

// Uses returns what is known of each place of the responses of that status that
// the consumer got from the provider's operation: those at which there was
// something in any of them. An object or an array is used where something in it is.
// A place is [contract.Used] or [contract.Seen]; the latter may have evidence, which
// does not suffice. It is nil where there was no such response.
func (f *Follower) Uses(consumer, provider, operation string, status int) map[contract.Place]contract.Usage {
	o := f.origins[originKey{consumer, provider, operation, status}]
	if o == nil {
		return nil
	}
	return f.uses(consumer, o)
}

// Account tells what was followed: calls, bodies, values, and the matches of places.
func (f *Follower) Account() capture.Account {
	return capture.Account{
		{Name: "usage", Unit: "calls", Stats: f.calls.Clone()},
		{Name: "usage bodies", Unit: "bodies", Stats: f.reader.bodies.Clone()},
		{Name: "usage values", Unit: "values", Stats: f.reader.values.Clone()},
		{Name: "usage computed", Unit: "series", Stats: f.computed.Clone()},
		{Name: "usage matches", Unit: "matches", Stats: f.pairs.Clone()},
	}
}

// book returns the places of a message, nil where there are too many operations.
func (f *Follower) book(role, service, operation string) *book {
	key := bookKey{role, service, operation}
	b := f.books[key]
	if b == nil && len(f.books) < maxBooks {
		into := role + " " + operation
		if role == request {
			into = role + " " + service + " " + operation
		}
		b = newBook(into)
		f.books[key] = b
	}
	return b
}

// The roles of messages, by what evidence calls them.
const (
	request = "request"
	answer  = "answer"
)
