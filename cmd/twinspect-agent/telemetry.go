package main

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"twinspect.dev/capture"
)

const scope = "twinspect.dev/cmd/twinspect-agent"

// gauge is a number that goes up and down.
type gauge struct {
	name, unit, help string
	read             func() float64
}

// observe publishes the account, whose sums balance by stage, and the gauges.
func observe(meters metric.MeterProvider, account func() capture.Account, gauges []gauge) error {
	m := meters.Meter(scope)
	records, err := m.Int64ObservableCounter("twinspect.agent.records",
		metric.WithDescription("What each stage did with what it saw: seen = written + filtered + dropped + open."))
	if err != nil {
		return err
	}
	open, err := m.Int64ObservableGauge("twinspect.agent.open", metric.WithDescription("What is still inside each stage."))
	if err != nil {
		return err
	}
	_, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, stage := range account() {
			observeStage(o, records, open, stage)
		}
		return nil
	}, records, open)
	for _, g := range gauges {
		_, bad := m.Float64ObservableGauge("twinspect.agent."+g.name, metric.WithDescription(g.help), metric.WithUnit(g.unit),
			metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
				o.Observe(g.read())
				return nil
			}))
		err = errors.Join(err, bad)
	}
	return err
}

func observeStage(o metric.Observer, records metric.Int64Observable, open metric.Int64Observable, s capture.Stage) {
	tell := func(n uint64, outcome string, reason capture.Reason) {
		o.ObserveInt64(records, int64(n), metric.WithAttributes(attribute.String("stage", s.Name),
			attribute.String("unit", s.Unit), attribute.String("outcome", outcome), attribute.String("reason", string(reason))))
	}
	tell(s.Seen, "seen", "")
	tell(s.Written, "written", "")
	for reason, n := range s.Filtered {
		tell(n, "filtered", reason)
	}
	for reason, n := range s.Dropped {
		tell(n, "dropped", reason)
	}
	o.ObserveInt64(open, int64(s.Open), metric.WithAttributes(attribute.String("stage", s.Name), attribute.String("unit", s.Unit)))
}

// producer is the far end of the shipping: see [spool.Producer].
type producer interface {
	Produce(ctx context.Context, batch []*capture.Exchange) []error
}

// traced makes a span of each batch.
type traced struct {
	producer
	tracer trace.Tracer
}

// Produce implements [spool.Producer].
func (t traced) Produce(ctx context.Context, batch []*capture.Exchange) []error {
	ctx, span := t.tracer.Start(ctx, "produce", trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(attribute.Int("messaging.batch.message_count", len(batch))))
	defer span.End()
	errs := t.producer.Produce(ctx, batch)
	if err := errors.Join(errs...); err != nil {
		span.SetStatus(codes.Error, "not every exchange was acknowledged")
	}
	return errs
}
