package main

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/telemetry"
)

const scope = "twinspect.dev/cmd/twinspect-agent"

// gauge is a number that goes up and down.
type gauge struct {
	name, unit, help string
	read             func() float64
}

// observe publishes the account and the gauges.
func observe(tel *telemetry.Telemetry, account func() capture.Account, gauges []gauge) error {
	err := tel.Account("twinspect.agent", account)
	m := tel.Meters.Meter(scope)
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
