package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	kafkago "github.com/segmentio/kafka-go"
)

func TestASlowLeaderIsGivenLongerAndAQuickOneNoLongerThanAtFirst(t *testing.T) {
	const second = time.Second
	type attempt struct {
		took time.Duration
		err  error
		next time.Duration
	}
	cases := map[string][]attempt{
		"no answer":            {{15 * second, context.DeadlineExceeded, 30 * second}, {30 * second, context.DeadlineExceeded, 60 * second}, {60 * second, context.DeadlineExceeded, 120 * second}, {120 * second, context.DeadlineExceeded, 120 * second}},
		"its replicas":         {{8 * second, kafkago.RequestTimedOut, 30 * second}},
		"answered late":        {{15 * second, context.DeadlineExceeded, 30 * second}, {20 * second, nil, 40 * second}, {second, nil, 15 * second}},
		"late, then failed":    {{14 * second, nil, 28 * second}, {second, kafkago.NotLeaderForPartition, 28 * second}},
		"cut by its caller":    {{second, context.DeadlineExceeded, 15 * second}, {15 * second, context.Canceled, 15 * second}},
		"another kind of fail": {{15 * second, errors.New("connection reset"), 15 * second}},
	}
	for name, attempts := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPatience()
			for _, a := range attempts {
				p.learn(1, p.limit(1), a.took, a.err)
				assert.Equal(t, a.next, p.limit(1))
			}
			assert.Equal(t, requestTimeout, p.limit(2), "another partition")
		})
	}
}

func TestTimeoutsOfTheSameMomentCountOnce(t *testing.T) {
	p := newPatience()
	limit := p.limit(0)
	for range 3 {
		p.learn(0, limit, limit, context.DeadlineExceeded)
	}
	assert.Equal(t, 2*limit, p.limit(0))
}
