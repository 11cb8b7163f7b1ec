// Package telemetry is what the long-running commands tell of themselves: metrics to
// be scraped, and both metrics and traces over OTLP where the standard environment
// variables name a collector (OTEL_EXPORTER_OTLP_ENDPOINT and its kin).
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Telemetry makes meters and tracers.
type Telemetry struct {
	Meters *sdkmetric.MeterProvider
	Traces *sdktrace.TracerProvider

	registry *prometheus.Registry
}

// Program says who tells.
type Program struct{ Name, Version, Instance string }

// New returns the telemetry of a program. The caller closes it.
func New(ctx context.Context, getenv func(string) string, p Program) (*Telemetry, error) {
	about := resource.NewSchemaless(
		attribute.String("service.name", p.Name),
		attribute.String("service.version", p.Version),
		attribute.String("service.instance.id", p.Instance),
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
	return &Telemetry{sdkmetric.NewMeterProvider(meters...), sdktrace.NewTracerProvider(spans...), registry}, nil
}

// wantsOTLP follows the OpenTelemetry environment variable specification.
func wantsOTLP(getenv func(string) string, signal string) bool {
	return getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

// Handler serves the metrics.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}

// Close sends what is still held.
func (t *Telemetry) Close(ctx context.Context) error {
	return errors.Join(t.Traces.Shutdown(ctx), t.Meters.Shutdown(ctx))
}
