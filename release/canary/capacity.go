package canary

import "math"

// Load is what was measured of a canary in an interval.
type Load struct {
	// Canary and All are requests per second, to the canary and in total.
	Canary, All float64
	// Requests counts those to the canary in the interval.
	Requests uint64
	// Usage is how much of its limit the canary used, from 0 on; above 1 it is
	// throttled. Target is what it may rise to.
	Usage, Target float64
}

// leastRequests is how many requests make a measurement of usage.
const leastRequests = 30

// Capacity returns the greatest weight, the share of all requests, that the canary can
// take until its usage reaches the target: usage grows in proportion to requests. It is
// at most 1, and 0 where it was not measured: where something is no number or not
// positive, or there were fewer than 30 requests.
//
// The number of requests that caused the usage is known up to √n: with few, the rate
// that the usage is put down to is taken to be two standard deviations lower, so
// that fewer samples never give more. Usage that does not come from requests, as that
// of an idle canary, makes the weight lower too.
func Capacity(l Load) float64 {
	for _, x := range [...]float64{l.Canary, l.All, l.Usage, l.Target} {
		if !(x > 0) || math.IsInf(x, 1) {
			return 0
		}
	}
	if l.Requests < leastRequests {
		return 0
	}
	sure := 1 - 2/math.Sqrt(float64(l.Requests))
	return min(1, l.Canary/l.All*sure*(l.Target/l.Usage))
}
