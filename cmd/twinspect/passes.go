package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
)

// passOptions say how often a recording is sent.
type passOptions struct {
	loop   int
	copies int
	limit  time.Duration
}

func (o *passOptions) register(flags *pflag.FlagSet) {
	flags.IntVar(&o.loop, "loop", 1, "send the recording this many times, one after the other; 0 goes on until --for or an interruption")
	flags.IntVar(&o.copies, "copies", 1, "send each exchange this many times, each time in a session of its own")
	flags.DurationVar(&o.limit, "for", 0, "stop reading the recording after this time, and end as at its end")
}

func (o *passOptions) check(file string) error {
	switch {
	case o.loop < 0:
		return fmt.Errorf("--loop %d: want the number of passes, or 0 for no end", o.loop)
	case o.loop != 1 && !recording.ReadableAgain(file):
		return fmt.Errorf("--loop: %s cannot be read again: save it to a file first", file)
	case o.copies < 1:
		return fmt.Errorf("--copies %d: want at least 1", o.copies)
	case o.limit < 0:
		return fmt.Errorf("--for %s: want a time such as 10m", o.limit)
	}
	return nil
}

// passes reads a recording from its beginning to its end, as often as is asked
// for. One goroutine reads; Progress may be called from others.
type passes struct {
	env    cli.Env
	file   string
	now    atomic.Pointer[recording.Input]
	left   int // passes after this one; negative where there is no end to them
	before capture.Account
	end    time.Time // when reading ends; zero where the recording says
}

// open opens the recording for the first pass.
func (o *passOptions) open(ctx context.Context, env cli.Env, file string) (*passes, error) {
	if err := o.check(file); err != nil {
		return nil, err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return nil, err
	}
	p := &passes{env: env, file: file, left: o.loop - 1}
	p.now.Store(in)
	if o.limit > 0 {
		p.end = time.Now().Add(o.limit)
	}
	return p, nil
}

// ReadExchange implements [capture.Source].
func (p *passes) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if p.over() {
		return io.EOF
	}
	return p.now.Load().ReadExchange(ctx, e)
}

func (p *passes) over() bool { return !p.end.IsZero() && !time.Now().Before(p.end) }

// again begins the next pass: the Again of a [replay.Runner].
func (p *passes) again(ctx context.Context) (capture.Source, error) {
	if p.left == 0 || p.over() {
		return nil, io.EOF
	}
	in, err := recording.Open(ctx, p.env, p.file)
	if err != nil {
		return nil, err
	}
	p.left--
	last := p.now.Swap(in)
	p.before = p.before.Merge(last.Account())
	return p, last.Close()
}

// Name is what the recording is called in reports.
func (p *passes) Name() string { return p.now.Load().Name }

// Unit is what Progress counts.
func (p *passes) Unit() string { return p.now.Load().Unit }

// Progress says how much of this pass was read.
func (p *passes) Progress() (read, total int64) { return p.now.Load().Progress() }

// Account implements [capture.Accounted]: that of all passes together.
func (p *passes) Account() capture.Account { return p.before.Merge(p.now.Load().Account()) }

// Close closes the recording.
func (p *passes) Close() error {
	if in := p.now.Load(); in != nil {
		return in.Close()
	}
	return nil
}
