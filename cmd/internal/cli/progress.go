package cli

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// logEvery is how often long work without a terminal says where it is: seldom
// enough not to fill a pipeline's log.
const logEvery = 10 * time.Second

// Meter says how far work has come. Total is -1 where it is not known. It is
// called from another goroutine than the work's.
type Meter func() (done, total int64)

// Watch shows the progress of the work called name until stop is called: a bar
// on a terminal, else a line now and then. stop may be called more than once.
func Watch(ctx context.Context, env Env, name, unit string, meter Meter) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		if env.Progress {
			drawBar(ctx, env.Stderr, name, unit, meter)
		} else {
			logLines(ctx, env.Stderr, name, unit, meter)
		}
	})
	return func() {
		cancel()
		watching.Wait()
	}
}

func logLines(ctx context.Context, w io.Writer, name, unit string, meter Meter) {
	tick := time.NewTicker(logEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			fmt.Fprintln(w, progressLine(name, unit, meter))
		}
	}
}

func progressLine(name, unit string, meter Meter) string {
	done, total := meter()
	if total <= 0 {
		return fmt.Sprintf("%s: %d %s", name, done, unit)
	}
	return fmt.Sprintf("%s: %d of %d %s (%.0f %%)", name, done, total, unit, 100*float64(done)/float64(total))
}

// barEvery is smooth to the eye and cheap.
const barEvery = 100 * time.Millisecond

func drawBar(ctx context.Context, w io.Writer, name, unit string, meter Meter) {
	bars := mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithAutoRefresh())
	bar := bars.AddBar(0, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return progressLine("", unit, meter)[2:] })))
	tick := time.NewTicker(barEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			bar.Abort(true)
			bars.Wait()
			return
		case <-tick.C:
			done, total := meter()
			bar.SetTotal(max(total, done+1), false)
			bar.SetCurrent(done)
		}
	}
}
