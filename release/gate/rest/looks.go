package rest

import (
	"encoding/json"
	"fmt"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/access"
)

// observations answers with what the looks at a canary saw, the oldest first.
func (c *call) observations() (any, error) {
	q := paramsOf(c.Request)
	s := release.Subject{Service: q.required("service"), Digest: q.required("digest"), BaseDigest: q.text("base_digest")}
	after, limit := q.time("after"), q.limit()
	if err := q.done(); err != nil {
		return nil, err
	}
	if err := c.may(access.Read, s.Service); err != nil {
		return nil, err
	}
	all, err := c.Gate.Store().Observations(c.Context(), s, after)
	if err != nil {
		return nil, err
	}
	return looks(all, limit)
}

// looks makes a page of the first of all looks, which are by their beginning. What
// follows is asked for by that of the last one, so that all that began at one time
// stand on one page: a page has at most so many more as a policy has metrics.
func looks(all []release.Observation, limit int) (any, error) {
	p := list[json.RawMessage]{Items: []json.RawMessage{}}
	size := 0
	for i := range all {
		if i > 0 && (i >= limit || size > maxPage) && !all[i].From.Equal(all[i-1].From) {
			p.Next = all[i-1].From.Format(time.RFC3339Nano)
			break
		}
		text, err := json.Marshal(all[i])
		if err != nil {
			return nil, fmt.Errorf("write an item: %w", err)
		}
		p.Items, size = append(p.Items, text), size+len(text)
	}
	return p, nil
}
