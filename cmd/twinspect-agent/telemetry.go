package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"twinspect.dev/capture"
)

const scope = "twinspect.dev/cmd/twinspect-agent"

// telemetry is what the agent tells of itself: metrics at /metrics, and both
// metrics and traces over OTLP where the standard environment variables name a
// collector (OTEL_EXPORTER_OTLP_ENDPOINT and its kin).
type telemetry struct {
	registry *prometheus.Registry
	meters   *sdkmetric.MeterProvider
	traces   *sdktrace.TracerProvider
}

func newTelemetry(ctx context.Context, getenv func(string) string, c config, version string) (*telemetry, error) {
	about := resource.NewSchemaless(
		attribute.String("service.name", "twinspect-agent"),
		attribute.String("service.version", version),
		attribute.String("service.instance.id", c.Agent),
	)
	registry := prometheus.NewRegistry()
	scraped, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	meters := []sdkmetric.Option{sdkmetric.WithResource(about), sdkmetric.WithReader(scraped)}
	spans := []sdktrace.TracerProviderOption{sdktrace.WithResource(about)}
	if wantsOTLP(getenv, "METRICS") {
		out, err := otlpmetrichttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("send metrics over OTLP: %w", err)
		}
		meters = append(meters, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(out)))
	}
	if wantsOTLP(getenv, "TRACES") {
		out, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("send traces over OTLP: %w", err)
		}
		spans = append(spans, sdktrace.WithBatcher(out))
	} else {
		spans = append(spans, sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	return &telemetry{registry, sdkmetric.NewMeterProvider(meters...), sdktrace.NewTracerProvider(spans...)}, nil
}

// wantsOTLP follows the OpenTelemetry environment variable specification.
func wantsOTLP(getenv func(string) string, signal string) bool {
	return getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

func (t *telemetry) handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}

// close sends what is still held.
func (t *telemetry) close(ctx context.Context) error {
	return errors.Join(t.traces.Shutdown(ctx), t.meters.Shutdown(ctx))
}

// gauge is a number that goes up and down.
type gauge struct {
	name, unit, help string
	read             func() float64
}

// observe publishes the account, whose sums balance by stage, and the gauges.
func (t *telemetry) observe(account func() capture.Account, gauges []gauge) error {
	m := t.meters.Meter(scope)
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
