// Package correlate follows values from recorded answers into later requests,
// and gives each side its own: the id that this side made, its ETag, its token,
// its cookie.
//
// A [Learner] reads the recording once and finds the rules: what one operation's
// answers give at a place, another operation's requests use at a place. Rules can
// be written too, see [Parse]. A [Correlator] applies them while the recording is
// sent: it tells the runner which answers a request needs, and wraps each side's
// sender.
//
// Values are compared by a 64-bit hash under a key of the process, so that the
// index of a recording holds no secrets. Two different values of a million are
// taken for one with a probability of 3e-8.
package correlate

// Namer names the operation that a request belongs to, such as "GET
// /orders/{id}". A path segment of the name that begins with a brace is a
// variable; where the name is no method and path, every segment may be one.
//
// It is called from one goroutine at a time.
type Namer interface {
	Name(method, target string) string
}
