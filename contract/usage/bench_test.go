package usage

import (
	"bytes"
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"twinspect.dev/contract/join"
)

// padded gives each body of JSON further members, so that it is as long as those of
// services: 1 to 2 KB.
func padded(c *join.Chain) *join.Chain {
	for i := range c.Calls {
		r := &c.Calls[i].Exchange.Response
		var body map[string]any
		d := json.NewDecoder(bytes.NewReader(r.Body))
		d.UseNumber()
		if d.Decode(&body) != nil {
			continue
		}
		s := newScript(uint64(i), uint64(len(r.Body)))
		for n := range 20 {
			name := string(rune('a'+n)) + "Value"
			body[name] = obj{"label": s.word(12), "code": s.id(), "amount": s.rng.IntN(100)}
		}
		r.Body = encoded(body)
	}
	return c
}

// processor is the time that this process has been computing, which other work on
// the machine does not change.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkSee(b *testing.B) {
	for name, list := range map[string][]*join.Chain{"short": chains(1, 300), "long": chains(1, 300)} {
		b.Run(name, func(b *testing.B) {
			bytes, exchanges := 0, 0
			for _, c := range list {
				if name == "long" {
					padded(c)
				}
				for i := range c.Calls {
					bytes += len(c.Calls[i].Exchange.Response.Body) + len(c.Calls[i].Exchange.Request.Body)
				}
				exchanges += len(c.Calls)
			}
			f, calls := follow(list), 0
			b.ReportAllocs()
			began := processor(b)
			for i := 0; b.Loop(); i++ {
				c := list[i%len(list)]
				c.Tree.Trace[1]++
				f.See(c)
				calls += len(c.Calls)
			}
			b.ReportMetric(float64(calls)/b.Elapsed().Seconds(), "calls/s")
			b.ReportMetric(float64(calls)/(processor(b)-began).Seconds(), "calls/cpu-s")
			b.ReportMetric(float64(bytes)/float64(exchanges), "B/exchange")
		})
	}
}

func BenchmarkUses(b *testing.B) {
	f := follow(chains(1, 300))
	for b.Loop() {
		everything(f)
	}
	b.ReportMetric(float64(len(f.origins)), "origins/op")
}
