package join

import (
	"cmp"
	"slices"
	"time"

	"twinspect.dev/capture/trace"
)

// compareHeard orders exchanges by their start, then by their ids.
func compareHeard(a, b *heard) int {
	return cmp.Or(a.e.Request.Start.Compare(b.e.Request.Start), slices.Compare(a.e.ID[:], b.e.ID[:]))
}

// maxTries is how far tries looks back: a client tries a handful of times, and as
// many are under way at once where it hedges.
const maxTries = 64

// tries divides exchanges that name the same span, or were found to be the same
// call: each part holds the records of one try, the parts stand in the order of
// time. A recorder sees each try once, so that its k-th record belongs to the k-th
// try.
func tries(said []*heard, skew time.Duration) [][]*heard {
	slices.SortStableFunc(said, compareHeard)
	var parts [][]*heard
	for _, h := range said {
		from := max(0, len(parts)-maxTries)
		i := slices.IndexFunc(parts[from:], func(part []*heard) bool { return belongs(h, part, skew) })
		if i < 0 {
			parts = append(parts, []*heard{h})
		} else {
			parts[from+i] = append(parts[from+i], h)
		}
	}
	return parts
}

// maxRecords is at how many places a call is recorded: by client, server, and each
// side of two proxies, with room.
const maxRecords = 16

func belongs(h *heard, part []*heard, skew time.Duration) bool {
	if len(part) >= maxRecords {
		return false
	}
	for _, other := range part {
		if !sameCall(&h.e, &other.e, skew) {
			return false
		}
	}
	return true
}

// best is the record of a try that counts: the most complete one, then the one of
// the server's side, which lies in the client's time, then by id.
func best(part []*heard, node *trace.Call) *heard {
	return slices.MinFunc(part, func(a, b *heard) int {
		return cmp.Or(
			cmp.Compare(completeness(&b.e), completeness(&a.e)),
			cmp.Compare(serverSide(b, node), serverSide(a, node)),
			cmp.Compare(took(a), took(b)),
			slices.Compare(a.e.ID[:], b.e.ID[:]),
		)
	})
}

func serverSide(h *heard, node *trace.Call) int {
	if node.Server != nil && sameService(h.e.Context.Service, node.Server.Service) {
		return 1
	}
	return 0
}

func took(h *heard) time.Duration { return endOf(&h.e).Sub(h.e.Request.Start) }
