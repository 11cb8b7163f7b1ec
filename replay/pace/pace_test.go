package pace_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

const s = time.Second

func TestPaceIsTheDistanceToThePlan(t *testing.T) {
	tests := []struct {
		name              string
		pacer             replay.Pacer
		elapsed           time.Duration
		sent              uint64
		recorded, waiting time.Duration
	}{
		{"max has no plan", pace.Max{}, s, 7, s, replay.Now},
		{"the first of a rate is due at once", pace.Rate{PerSecond: 10}, 0, 0, 9 * s, 0},
		{"rate", pace.Rate{PerSecond: 10}, s / 2, 10, 0, s / 2},
		{"rate behind its plan", pace.Rate{PerSecond: 10}, 3 * s, 10, 0, -2 * s},
		{"recorded", pace.Recorded{Factor: 1}, s, 99, 3 * s, 2 * s},
		{"faster", pace.Recorded{Factor: 10}, s, 0, 30 * s, 2 * s},
		{"slower", pace.Recorded{Factor: 0.5}, s, 0, 3 * s, 5 * s},
		{"recorded before the first", pace.Recorded{Factor: 1}, s, 0, -s, -2 * s},
		{"plan beyond all time", pace.Rate{PerSecond: 1e-9}, 0, math.MaxUint64, 0, 1 << 61},
		{"recording beyond all time", pace.Recorded{Factor: 1e-9}, 0, 0, -time.Hour * 1e6, -1 << 61},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.waiting, tt.pacer.Pace(tt.elapsed, tt.sent, tt.recorded))
		})
	}
}
