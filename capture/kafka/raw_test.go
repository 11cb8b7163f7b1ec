package kafka_test

import (
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/kafka"
)

// publishRaw writes record values as they are; nil is a tombstone.
func publishRaw(t testing.TB, cfg kafka.Config, values ...[]byte) {
	t.Helper()
	transport := new(kafkago.Transport)
	defer transport.CloseIdleConnections()
	client := kafkago.Client{Addr: kafkago.TCP(cfg.Brokers...), Transport: transport}
	for _, v := range values {
		res, err := client.Produce(t.Context(), &kafkago.ProduceRequest{
			Topic: cfg.Topic, RequiredAcks: kafkago.RequireAll,
			Records: kafkago.NewRecordReader(kafkago.Record{Value: kafkago.NewBytes(v)}),
		})
		require.NoError(t, err)
		require.NoError(t, res.Error)
	}
}
