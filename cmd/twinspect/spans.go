package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture/trace"
	"twinspect.dev/cmd/internal/cli"
)

type spansOptions struct {
	spanOptions
	redactFlags
	output string
	force  bool
	noHide bool
}

func newSpans(env cli.Env) *cobra.Command {
	var opt spansOptions
	cmd := &cobra.Command{
		Use:   "spans SOURCE...",
		Short: "Collect the spans of services into a file, or print them",
		Long: `Spans reads the spans of traces from wherever they are, prints them as JSON lines, or
with -o writes them as OTLP (protobuf, each batch behind its length, as the file
exporter of the OpenTelemetry collector does), which every command here reads. Secrets
in targets and attributes are replaced by pseudonyms, as in recordings.

` + spanSources,
		Example: `  twinspect spans otlp://127.0.0.1:4318 -o spans.otlp --for 10m
  twinspect spans jaeger://127.0.0.1:16686 --since 15m -o spans.otlp
  twinspect spans zipkin.json | jq 'select(.service == "checkout")'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, args) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&opt.output, "output", "o", "-", "write to this file instead of standard output")
	flags.BoolVar(&opt.force, "force", false, "overwrite the output")
	flags.BoolVar(&opt.noHide, "no-redact", false, "keep secrets as they are")
	opt.spanOptions.register(flags)
	opt.redactFlags.register(flags)
	return cmd
}

func (o *spansOptions) run(ctx context.Context, env cli.Env, sources []string) (err error) {
	if err := errors.Join(o.check(), readable(sources), o.notOverwritten(sources)); err != nil {
		return err
	}
	hide := func(*trace.Span) int { return 0 }
	if !o.noHide {
		redactor, err := o.redactor()
		if err != nil {
			return err
		}
		hide = func(sp *trace.Span) int { return redactSpan(redactor, sp) }
	}
	out, err := o.open(env)
	if err != nil {
		return err
	}
	hidden := uint64(0)
	r := &spanReader{env: env, options: o.spanOptions, damage: cli.NewDamage(env)}
	_, err = r.each(ctx, sources, func(sp *trace.Span) error {
		hidden += uint64(hide(sp))
		return out.WriteSpan(sp)
	})
	err = errors.Join(err, out.Close())
	tellRedacted(env.Stderr, hidden)
	return errors.Join(err, cli.PrintAccount(env.Stderr, r.account), r.damage.Err())
}

// notOverwritten sees that no source is the output: it would be emptied before it is
// read.
func (o *spansOptions) notOverwritten(sources []string) error {
	out, err := os.Stat(o.output)
	if err != nil || o.output == "-" {
		return nil //nolint:nilerr // what is not there is no source
	}
	for _, name := range sources {
		if in, err := os.Stat(name); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("%s is read, and cannot be the output too: give another name", name)
		}
	}
	return nil
}

// spanSink takes spans, and is finished by Close.
type spanSink interface {
	WriteSpan(*trace.Span) error
	Close() error
}

// spanLines writes spans as lines of JSON.
type spanLines struct{ *json.Encoder }

func (l spanLines) WriteSpan(sp *trace.Span) error { return l.Encode(lineOf(sp)) }
func (spanLines) Close() error                     { return nil }

// spanFile is a file of spans.
type spanFile struct {
	*trace.Writer
	file *os.File
}

func (f *spanFile) Close() error { return errors.Join(f.Writer.Close(), f.file.Close()) }

func (o *spansOptions) open(env cli.Env) (spanSink, error) {
	if o.output == "-" {
		lines := json.NewEncoder(env.Stdout)
		lines.SetEscapeHTML(false)
		return spanLines{lines}, nil
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if o.force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(o.output, mode, 0o600) // as recordings are: with --no-redact it holds secrets
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s exists: give another name, or --force to overwrite it", o.output)
	}
	if err != nil {
		return nil, err
	}
	return &spanFile{trace.NewWriter(f), f}, nil
}

// spanLine is a span as a line of JSON.
type spanLine struct {
	Trace      string            `json:"trace"`
	ID         string            `json:"id"`
	Parent     string            `json:"parent,omitempty"`
	Service    string            `json:"service"`
	Name       string            `json:"name"`
	Kind       string            `json:"kind"`
	Operation  string            `json:"operation"`
	Start      time.Time         `json:"start"`
	Duration   time.Duration     `json:"duration_ns"`
	Failed     bool              `json:"failed,omitempty"`
	Status     int               `json:"http_status,omitempty"`
	Peer       string            `json:"peer,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

func lineOf(sp *trace.Span) spanLine {
	line := spanLine{
		Trace: sp.Trace.String(), ID: sp.ID.String(), Service: sp.Service, Name: sp.Name, Kind: sp.Kind.String(),
		Operation: sp.Operation(), Start: sp.Start, Duration: sp.Duration(), Failed: sp.Failed(), Status: sp.HTTP.Status, Peer: sp.Peer,
	}
	if !sp.Parent.IsZero() {
		line.Parent = sp.Parent.String()
	}
	if len(sp.Attributes) > 0 {
		line.Attributes = make(map[string]string, len(sp.Attributes))
		for _, a := range sp.Attributes {
			line.Attributes[a.Key] = a.Value
		}
	}
	return line
}

// output is where a command prints to: standard output, or a file.
func output(env cli.Env, name string, render func(io.Writer) error) error {
	if name == "-" || name == "" {
		return render(env.Stdout)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(render(f), f.Close())
}
