//go:build e2e

package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

// startUp bounds the start of a broker, the first fetch of Kafka among it.
const startUp = 5 * time.Minute

func TestATopicOfARealBrokerKeepsTheFirst(t *testing.T) {
	if err := kafkastand.Available(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startUp)
	defer cancel()
	b, err := kafkastand.Start(ctx, kafkastand.Options{
		Properties: map[string]string{"auto.create.topics.enable": "false"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Stop()) })
	n := 0
	conform(t, func(t testing.TB) string {
		n++
		name := fmt.Sprintf("evidence-%d", n)
		require.NoError(t, b.CreateTopic(t.Context(), name, 1))
		return "kafka://" + b.Addr() + "/" + name
	})
}
