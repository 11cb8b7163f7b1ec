//go:build race

package join_test

import "time"

const (
	crowdSize = 2000
	crowdTime = time.Minute
	truths    = 1
)
