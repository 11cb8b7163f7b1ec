package cases

import (
	"fmt"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/values"
)

const (
	// long is far more than servers take of a header or of a target (8 KiB is usual,
	// 32 KiB the most of the well-known ones).
	long = 64 << 10
	// huge is as much as many servers take of a body, and more than any field is
	// for.
	huge = 1 << 20
)

// oversize is what is sent; all cases share its memory.
var oversize = strings.Repeat("a", huge)

// oversized sends a text that is far longer than the schema allows, where it says
// how long a text may be: the first such text of a part. A path of that length is
// cut by many proxies.
func (c *collector) oversized(t *part, invalid []values.Value) {
	in, _ := t.place.Split()
	size := long
	switch in {
	case "path":
		return
	case "body":
		size = huge
	}
	for _, v := range invalid {
		if v.Rule != "maxLength" || v.Absent {
			continue
		}
		data, ok := pointer.Set(v.Data, v.At, oversize[:size])
		if !ok {
			continue
		}
		c.negative(draft{
			rule: contract.RuleOversized, at: inside(t.place, v.At), rank: rankRest, name: join(c.prefix(t), v.At, "oversized"),
			request: t.set(c.ordinary, data), trusted: t.place == "body" && isJSON(t.media),
			why: fmt.Sprintf("%s with %d bytes is rejected: its schema allows far less.", c.subject(t, v.At), size),
		})
		return
	}
}
