package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"twinspect.dev/capture"
)

// Account publishes an account, whose sums balance by stage, under names that begin
// with the prefix: PREFIX.records and PREFIX.open.
func (t *Telemetry) Account(prefix string, account func() capture.Account) error {
	m := t.Meters.Meter("twinspect.dev/cmd/internal/telemetry")
	records, err := m.Int64ObservableCounter(prefix+".records",
		metric.WithDescription("What each stage did with what it saw: seen = written + filtered + dropped + open."))
	if err != nil {
		return err
	}
	open, err := m.Int64ObservableGauge(prefix+".open", metric.WithDescription("What is still inside each stage."))
	if err != nil {
		return err
	}
	_, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, stage := range account() {
			observe(o, records, open, stage)
		}
		return nil
	}, records, open)
	return err
}

func observe(o metric.Observer, records, open metric.Int64Observable, s capture.Stage) {
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
