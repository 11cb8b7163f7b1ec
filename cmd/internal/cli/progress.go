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

// Meter says how far work has come. Total is not positive where it is not
// known. It is called from another goroutine than the work's.
type Meter func() (done, total int64)

// progress says how far the work has come. An input that grows while it is read
// is never done to more than all of it.
func (m Meter) progress(unit string) string {
	done, total := m()
	if total <= 0 {
		return fmt.Sprintf("%d %s", done, unit)
	}
	total = max(total, done)
	return fmt.Sprintf("%d of %d %s (%.0f %%)", done, total, unit, 100*float64(done)/float64(total))
}

// Watch shows the progress of the work called name until stop is called or ctx
// ends: a bar on a terminal, else a line now and then. stop may be called more
// than once; it returns once nothing more is shown. One work is watched at a
// time.
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
			fmt.Fprintf(w, "%s: %s\n", name, meter.progress(unit))
		}
	}
}

const (
	// barEvery is smooth to the eye and cheap.
	barEvery = 100 * time.Millisecond
	// barWidth leaves room for the texts on a terminal of 100 columns.
	barWidth = 40
)

// drawBar draws a bar, or a spinner where the total is not known, and takes it
// away at the end.
func drawBar(ctx context.Context, w io.Writer, name, unit string, meter Meter) {
	screen, shared := w.(*terminal)
	if shared {
		w = screen.w
	}
	bars := mpb.New(mpb.WithOutput(w), mpb.WithWidth(barWidth), mpb.WithRefreshRate(barEvery), mpb.WithAutoRefresh())
	if shared {
		screen.share(bars)
		defer screen.share(nil)
	}
	bar := addBar(bars, name, unit, meter)
	defer bars.Wait()
	defer bar.Abort(true)
	tick := time.NewTicker(barEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			done, total := meter()
			bar.SetTotal(max(total, done), false)
			bar.SetCurrent(done)
		}
	}
}

// addBar adds a bar that only stop completes: one whose total is 0 at first
// does not complete by itself.
func addBar(bars *mpb.Progress, name, unit string, meter Meter) *mpb.Bar {
	style := mpb.BarFillerBuilder(mpb.BarStyle())
	if _, total := meter(); total <= 0 {
		style = mpb.SpinnerStyle().PositionLeft()
	}
	return bars.New(0, style,
		mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return meter.progress(unit) })))
}
