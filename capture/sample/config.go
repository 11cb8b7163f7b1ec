package sample

import (
	"math"
	"time"
)

// Config says what is kept. Its zero value keeps nothing.
type Config struct {
	// Rate is the share of sessions that is kept, from 0 to 1. What lies
	// outside is taken for the nearer of the two, and NaN for 0.
	Rate float64
	// Quota is how many exchanges of each operation are kept in each Window
	// although their sessions were not chosen, so that rare operations are
	// recorded too. 0 means none.
	Quota int
	// Window is what Quota is counted over, in the time of the exchanges:
	// [DefaultWindow] unless it is positive.
	Window time.Duration
	// Follow is how many further exchanges of a session are kept after one that
	// was kept for its operation: [DefaultFollow] unless it is positive.
	Follow int
	// MaxOperations bounds how many operations have a quota in one window:
	// [DefaultMaxOperations] unless it is positive. The exchanges of those
	// beyond it are kept by their session alone, the others of them filtered
	// as [Overflow].
	MaxOperations int
	// Operation names the operation of a request. Where it is nil, it is the
	// method and the path, in which segments that look like identifiers are
	// all alike. It is called by the goroutine that reads, not for exchanges
	// that their session decides about, and must not call the Source.
	Operation func(method, target string) string
	// Salt chooses which sessions are kept. Every agent with the same salt and
	// the same rate keeps the same ones.
	Salt string
}

const (
	// DefaultWindow is short enough for an operation of a few requests a
	// minute to be kept whole.
	DefaultWindow = time.Minute
	// DefaultFollow is longer than the visit of most users, and short against
	// the connection of a proxy that carries everybody's requests: following
	// that to its end would undo the rate.
	DefaultFollow = 100
	// DefaultMaxOperations is ten times what large documents describe; the
	// table takes 24 bytes for each.
	DefaultMaxOperations = 4096
)

// maxFollowed bounds how many sessions are followed: two minutes of 4096
// operations with a quota of 2, in less than 1 MB. Beyond it the one that has
// been quiet for long is given up.
const maxFollowed = 1 << 14

func (c Config) withDefaults() Config {
	c.Rate = share(c.Rate)
	c.Quota = max(c.Quota, 0)
	if c.Window <= 0 {
		c.Window = DefaultWindow
	}
	if c.Follow <= 0 {
		c.Follow = DefaultFollow
	}
	if c.MaxOperations <= 0 {
		c.MaxOperations = DefaultMaxOperations
	}
	return c
}

// share returns x within 0 to 1.
func share(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, 0), 1)
}
