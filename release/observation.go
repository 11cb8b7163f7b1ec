package release

import "time"

// Observation is what one look at one metric saw: what happened between two times on
// either side. It is kept as it is, and what a canary's evidence says is made of all
// of them.
type Observation struct {
	Metric string `json:"metric"` // [MetricPolicy.Name]
	// Definition stands for what was asked: a metric of a name may come to be defined
	// anew, and only looks at one definition count together.
	Definition string    `json:"definition,omitempty"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Canary     Counts    `json:"canary"`
	Baseline   Counts    `json:"baseline"`
	// Weight is the canary's share of all requests, 0 where there were none.
	Weight float64 `json:"weight,omitempty"`
	// Capacity is the greatest weight, 0 to 1, that the canary can take by this look;
	// 0 where it was not measured.
	Capacity float64 `json:"capacity,omitempty"`
	// Problems says in sentences what could not be used.
	Problems []string `json:"problems,omitempty"`
}

// Counts is what a side counted in an interval, after resets of counters were undone.
type Counts struct {
	Total uint64 `json:"total"`
	// Bad of the total are bad, where the metric is a share.
	Bad uint64 `json:"bad,omitempty"`
	// Buckets hold the total by duration where it is a quantile: not cumulative, by
	// ascending bounds, what has no bound at last.
	Buckets []Bucket `json:"buckets,omitempty"`
	// Series counts the time series, Resets the counters among them that began anew.
	Series int `json:"series"`
	Resets int `json:"resets,omitempty"`
}

// Bucket counts what took at most Bound seconds and more than the bucket before.
// Bound is 0 for what has no bound.
type Bucket struct {
	Bound float64 `json:"bound"`
	Count uint64  `json:"count"`
}
