package topology

import "time"

// Graph is what the traces say of the calls between services. Its lists are
// sorted, so that the same traces give the same graph.
type Graph struct {
	// From and To enclose the starts of the calls; both are zero where none has a
	// time.
	From, To time.Time
	// Traces were seen, of which Whole have all spans between the first and the
	// others.
	Traces, Whole uint64
	Spans         uint64
	Services      []Service // by name
	Edges         []Edge    // by caller, then provider
	Roots         []Root    // by service, then operation
	// Left counts the calls that are not told by their own name.
	Left Left
}

// Left counts the calls for which a limit left no room. They are in the counts of
// what holds them: an operation beyond the limit in those of its service.
type Left struct {
	Services, Operations, Edges, Links, Roots uint64
}

// Total is how many such calls there are, at most.
func (l *Left) Total() uint64 { return l.Services + l.Operations + l.Edges + l.Links + l.Roots }

// Seconds is the time over which rates are taken. It is 0 where it is not known,
// or shorter than one: a few calls of one moment have no rate.
func (g *Graph) Seconds() float64 {
	if d := g.To.Sub(g.From); d >= time.Second {
		return d.Seconds()
	}
	return 0
}

// Rate is how many of n calls there were a second, 0 where the time is not known.
func (g *Graph) Rate(n uint64) float64 {
	if s := g.Seconds(); s > 0 {
		return float64(n) / s
	}
	return 0
}

// Role says what a service is, as far as spans tell.
type Role string

// The roles. One that has no spans of its own is known by its callers alone.
const (
	Instrumented Role = "service"
	Database     Role = "database"
	Broker       Role = "messaging"
	Outside      Role = "outside"
)

// Tally counts calls.
type Tally struct {
	Calls, Errors uint64
	Latency       Latency
}

// Service is one that was called, or called others.
type Service struct {
	Name string
	Role Role
	// Spans are those that it sent itself.
	Spans uint64
	// Tally counts the calls to it.
	Tally
	Operations []Operation // by name
}

// Operation is one thing that a service does for others, or, as a job, by itself.
type Operation struct {
	Name string
	Tally
	// Outcomes counts the calls by how they ended: "200", "no answer", "ok".
	Outcomes map[string]uint64
}

// Edge counts the calls of one service to another.
type Edge struct {
	Caller, Provider string
	Tally
	Links []Link // by what they are for, then operation
}

// Link tells why a service calls an operation of another.
type Link struct {
	// For is the caller's own operation during which it calls; "" where that is not
	// known. Operation is the provider's.
	For, Operation string
	Tally
	Outcomes map[string]uint64
	// Requests are those of For during which there was such a call at least once,
	// and Most is how many there were in one of these.
	Requests, Most uint64
}

// PerRequest is how many such calls one request causes that causes any.
func (l *Link) PerRequest() float64 {
	if l.Requests == 0 {
		return 0
	}
	return float64(l.Calls) / float64(l.Requests)
}

// Begin says how a trace begins.
type Begin string

// The beginnings.
const (
	Request Begin = "request" // a call of someone who sends no spans
	Caller  Begin = "caller"  // a call that the service made of itself
	Job     Begin = "job"     // work of the service for nobody else
)

// Root is what traces begin with. The operation of a Caller is what it called.
type Root struct {
	Service, Operation string
	Begin              Begin
	Tally
}

// Latency tells how long calls took, to 1 % of each value.
type Latency struct {
	P50, P95, P99, Max time.Duration
}

// Service returns the service of that name, nil where there is none.
func (g *Graph) Service(name string) *Service {
	for i := range g.Services {
		if g.Services[i].Name == name {
			return &g.Services[i]
		}
	}
	return nil
}
