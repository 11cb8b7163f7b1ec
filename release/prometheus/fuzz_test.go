package prometheus

import (
	"encoding/json"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// FuzzIncrease gives what a server may say in its answer to the computation: it never
// panics, and what it takes adds up.
func FuzzIncrease(f *testing.F) {
	f.Add([]byte(`[{"metric":{"le":"0.1"},"values":[[1,"1"],[2,"0"]]},{"metric":{"le":"+Inf"},"values":[[1,"3"],[2,"9007199254740992"]]}]`), int64(1500))
	f.Add([]byte(`[{"metric":{"a":"b"},"values":[[0.5,"NaN"],[2,"0"]]}]`), int64(500))
	f.Add([]byte(`[{"metric":{"a":"b"},"values":[[1,"5"],[2,"7"],[400,"9"]]},{"metric":{}}]`), int64(2000))
	f.Add([]byte(`[{"metric":{"le":"-1"},"values":[[1,"5"]]},{"metric":{"le":"Inf"},"values":[[1,"5"],[3,"8"]]}]`), int64(2000))
	f.Fuzz(func(t *testing.T, answer []byte, middle int64) {
		var m model.Matrix
		if json.Unmarshal(answer, &m) != nil || len(m) > 100 {
			return
		}
		const from, to = model.Time(0), model.Time(600_000)
		cut := from + model.Time(uint64(middle)%uint64(to-from-1)) + 1
		for _, s := range m {
			if s == nil {
				return
			}
		}
		for _, parse := range []func(model.Matrix, window) ([]track, error){counters, histograms} {
			whole, err := fuzzed(m, parse, window{from, to})
			if err != nil {
				continue
			}
			left, err1 := fuzzed(m, parse, window{from, cut})
			right, err2 := fuzzed(m, parse, window{cut, to})
			require.NoError(t, err1, "it was counted whole")
			require.NoError(t, err2)
			require.Equal(t, whole, left+right)
		}
	})
}

func fuzzed(m model.Matrix, parse func(model.Matrix, window) ([]track, error), w window) (uint64, error) {
	tracks, err := parse(m, w)
	if err != nil {
		return 0, err
	}
	r := &reading{ids: map[model.Fingerprint]bool{}, side: side{window: w}}
	r.sum(tracks, nil, nil)
	if r.refused && r.all.bounds != nil {
		return 0, errOverflow
	}
	_ = buckets(r.all)
	return r.all.total(), nil
}
