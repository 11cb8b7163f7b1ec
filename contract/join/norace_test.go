//go:build !race

package join_test

import "time"

// crowdSize is what a hostile trace, or a hostile window of time, holds of spans and
// of exchanges; each with each would be 400 million comparisons, a minute.
const (
	crowdSize = 20_000
	crowdTime = 8 * time.Second // of a busy machine; alone it takes two at most
	truths    = 3               // seeds
	mostCalls = 1 << 20
)
