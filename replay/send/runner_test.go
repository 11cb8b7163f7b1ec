package send_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// recording gives n exchanges of 32 sessions in turn.
func recording(n int) capture.Source {
	req := get("/v1/items?page=2", benchFields...)
	sessions := make([]string, 32)
	for i := range sessions {
		sessions[i] = fmt.Sprint("session-", i)
	}
	i := 0
	return capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		if i == n {
			return io.EOF
		}
		*e = capture.Exchange{Request: *req}
		e.Context.Session = sessions[i%len(sessions)]
		i++
		return nil
	})
}

// BenchmarkRun replays through the runner to one side and to three, 32
// exchanges in flight; each side is the same server.
func BenchmarkRun(b *testing.B) {
	address := benchServer(b)
	for _, sides := range [][]replay.Side{{replay.Base}, {replay.Base, replay.Control, replay.Branch}} {
		b.Run(fmt.Sprintf("sides=%d", len(sides)), func(b *testing.B) {
			r := replay.Runner{InFlight: 32}
			for _, s := range sides {
				r.Targets = append(r.Targets, replay.Target{Side: s, Sender: client(b, address)})
			}
			b.ReportAllocs()
			b.ResetTimer()
			faults := 0
			require.NoError(b, r.Run(b.Context(), recording(b.N), func(o *replay.Outcome) error {
				for i := range o.Answers {
					if !o.Answers[i].OK() {
						faults++
					}
				}
				return nil
			}))
			require.Zero(b, faults)
			b.ReportMetric(float64(b.N*len(sides))/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
