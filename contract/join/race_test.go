//go:build race

package join_test

import "time"

const (
	crowdSize = 1000
	crowdTime = time.Minute
	truths    = 1
	mostCalls = 1000 // of a scenario
)
