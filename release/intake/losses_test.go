package intake_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/intake"
)

type counts = map[capture.Reason]uint64

func stage(name, unit string, seen uint64, filtered, dropped counts, open uint64) capture.Stage {
	s := capture.Stats{Seen: seen, Filtered: filtered, Dropped: dropped, Open: open}
	s.Written = seen - s.Skipped() - s.Lost() - open
	return capture.Stage{Name: name, Unit: unit, Stats: s}
}

// lossesOf reads evidence with an account.
func lossesOf(t *testing.T, a capture.Account) release.Losses {
	t.Helper()
	var d map[string]any
	require.NoError(t, json.Unmarshal(document(t, diff.Schema), &d))
	d["account"] = a
	data, err := json.Marshal(d)
	require.NoError(t, err)
	e, err := intake.Read(data)
	require.NoError(t, err)
	return e.Losses
}

func TestLossesAreTheGreatestShareOfOneUnit(t *testing.T) {
	for name, tt := range map[string]struct {
		account capture.Account
		want    release.Losses
	}{
		"no account": {nil, release.Losses{}},
		"nothing lost": {
			capture.Account{stage("archive", "exchanges", 100, nil, nil, 0), stage("compare", "outcomes", 100, nil, nil, 0)},
			release.Losses{Seen: 100},
		},
		"an outcome is what became of an exchange": {
			capture.Account{
				stage("archive", "exchanges", 100, nil, counts{"gap": 10}, 0),
				stage("compare", "outcomes", 90, nil, counts{"timeout": 9}, 0),
				stage("judge", "outcomes", 81, nil, nil, 0),
			},
			release.Losses{Seen: 100, Lost: 19, Reasons: map[string]uint64{"gap": 10, "timeout": 9}},
		},
		"what was left out on purpose hides no loss": {
			capture.Account{stage("sample", "exchanges", 1000, counts{"sampled": 990}, nil, 0), stage("compare", "outcomes", 10, nil, counts{"timeout": 5}, 0)},
			release.Losses{Seen: 10, Lost: 5, Reasons: map[string]uint64{"timeout": 5}},
		},
		"many frames hide no exchanges": {
			capture.Account{stage("packets", "frames", 1_000_000, nil, counts{"kernel-drop": 10}, 0), stage("http", "exchanges", 100, nil, counts{"gap": 10}, 0)},
			release.Losses{Seen: 100, Lost: 10, Reasons: map[string]uint64{"gap": 10}},
		},
		"frames alone": {
			capture.Account{stage("packets", "frames", 100, nil, counts{"kernel-drop": 50}, 0), stage("http", "exchanges", 10, nil, nil, 0)},
			release.Losses{Seen: 100, Lost: 50, Reasons: map[string]uint64{"kernel-drop": 50}},
		},
		"what is still inside did not arrive and is not lost": {
			capture.Account{stage("replay", "exchanges", 100, nil, counts{"timeout": 1}, 49)},
			release.Losses{Seen: 100, Lost: 1, Reasons: map[string]uint64{"timeout": 1}},
		},
		"all is lost": {
			capture.Account{stage("replay", "exchanges", 7, nil, counts{"timeout": 7}, 0)},
			release.Losses{Seen: 7, Lost: 7, Reasons: map[string]uint64{"timeout": 7}},
		},
		"spans do not count": {
			capture.Account{stage("compare", "outcomes", 10, nil, nil, 0), stage("calls", "spans", 10, nil, counts{"late": 9}, 0)},
			release.Losses{Seen: 10},
		},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, lossesOf(t, tt.account)) })
	}
}

func TestReasonsOfLossesAreBoundedAndSumUp(t *testing.T) {
	dropped := counts{}
	for i := range 500 {
		dropped[capture.Reason(strings.Repeat("x", i+1))] = uint64(i + 1)
	}
	l := lossesOf(t, capture.Account{stage("replay", "exchanges", 200_000, nil, dropped, 0)})
	assert.Len(t, l.Reasons, 100)
	total := uint64(0)
	for _, n := range l.Reasons {
		total += n
	}
	assert.EqualValues(t, 500*501/2, l.Lost)
	assert.Equal(t, l.Lost, total)
}
