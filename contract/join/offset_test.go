package join

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture/trace"
)

const msec = int64(time.Millisecond)

// lags are as many at one place as there, within a millisecond, and as many as
// beside over the time from and to.
func lags(at int64, there, beside int, from, to int64) []int64 {
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	var out []int64
	for range there {
		out = append(out, at+rng.Int64N(msec))
	}
	for range beside {
		out = append(out, from+rng.Int64N(to-from))
	}
	slices.Sort(out)
	return out
}

func TestAPeakIsFoundWhereItIsNoChance(t *testing.T) {
	far := 5000 * msec
	for name, tt := range map[string]struct {
		lags  []int64
		at    int64
		found bool
	}{
		"nothing":                     {},
		"alone":                       {lags(30*msec, leastPeak, 0, 0, 1), 30 * msec, true},
		"too few":                     {lags(30*msec, leastPeak-1, 0, 0, 1), 0, false},
		"among others":                {lags(-700*msec, 60, 2000, -far, far), -700 * msec, true},
		"others alone":                {lags(0, 0, 5000, -far, far), 0, false},
		"others alone, where it ends": {lags(0, 0, 2000, -far, -far+250*msec), 0, false},
		"requests at a beat":          {slices.Concat(lags(-100*msec, 100, 0, 0, 1), lags(0, 100, 0, 0, 1), lags(100*msec, 100, 0, 0, 1)), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, found := peak(tt.lags, far)
			assert.Equal(t, tt.found, found)
			if found {
				assert.InDelta(t, tt.at, got.from, float64(2*msec))
				assert.InDelta(t, tt.at+msec, got.to, float64(2*msec))
			}
		})
	}
}

func TestFewPairsAreEvidenceWhereChanceMakesFewer(t *testing.T) {
	for name, tt := range map[string]struct {
		near, far float64
		want      bool
	}{
		"none": {0, 0, false}, "one, the only one of its kind": {1, 0, true}, "one, and one far off": {1, 1, false},
		"two, and one far off": {2, 1, true}, "as many as beyond": {4, 80, false}, "many, and few beyond": {40, 80, true},
	} {
		e := evidence{tt.near, tt.far}
		assert.Equal(t, tt.want, e.agrees(250*msec, 5000*msec), name)
	}
}

func TestPartiesArePairedWhereThereIsOneWay(t *testing.T) {
	for name, tt := range map[string]struct {
		ties [][]int // of each guest, the calls
		want []int   // the call of each, -1 for none
	}{
		"one":                {[][]int{{4}}, []int{4}},
		"one leads the next": {[][]int{{1, 2}, {2}, {1, 2, 3}}, []int{1, 2, 3}},
		"either way":         {[][]int{{1, 2}, {1, 2}}, []int{-1, -1}},
		"two of one call":    {[][]int{{1}, {1}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			open := make(map[*guest][]tie)
			guests := make([]*guest, len(tt.ties))
			for i, calls := range tt.ties {
				guests[i] = &guest{}
				for _, c := range calls {
					open[guests[i]] = append(open[guests[i]], tie{call: c})
				}
			}
			pairs := unfold(open)
			if tt.want == nil {
				assert.Less(t, len(pairs), len(guests))
				return
			}
			for i, want := range tt.want {
				if got, ok := pairs[guests[i]]; ok {
					assert.Equal(t, want, got.call)
				} else {
					assert.Equal(t, -1, want)
				}
			}
		})
	}
}

func TestTheClientsEndOfAConnectionIsReadOfAllConventions(t *testing.T) {
	for name, tt := range map[string]struct {
		kind trace.Kind
		all  []trace.Attribute
		want string
	}{
		"since 1.23":            {trace.Server, []trace.Attribute{{Key: "network.peer.address", Value: "10.0.0.1"}, {Key: "network.peer.port", Value: "4000"}}, "10.0.0.1:4000"},
		"client":                {trace.Server, []trace.Attribute{{Key: "client.address", Value: "10.0.0.1"}, {Key: "client.port", Value: "4000"}}, "10.0.0.1:4000"},
		"1.13 to 1.22":          {trace.Server, []trace.Attribute{{Key: "net.sock.peer.addr", Value: "::1"}, {Key: "net.sock.peer.port", Value: "4000"}}, "[::1]:4000"},
		"before":                {trace.Server, []trace.Attribute{{Key: "net.peer.port", Value: "4000"}, {Key: "net.peer.ip", Value: "10.0.0.1"}}, "10.0.0.1:4000"},
		"the newest counts":     {trace.Server, []trace.Attribute{{Key: "net.peer.ip", Value: "9"}, {Key: "net.peer.port", Value: "9"}, {Key: "network.peer.address", Value: "[::1]"}, {Key: "network.peer.port", Value: "1"}}, "[::1]:1"},
		"what a proxy told":     {trace.Server, []trace.Attribute{{Key: "client.address", Value: "10.0.0.1"}}, ""},
		"no port":               {trace.Server, []trace.Attribute{{Key: "net.peer.ip", Value: "10.0.0.1"}, {Key: "net.peer.port", Value: "0"}}, ""},
		"a client's other side": {trace.Client, []trace.Attribute{{Key: "network.peer.address", Value: "10.0.0.1"}, {Key: "network.peer.port", Value: "4000"}}, ""},
	} {
		assert.Equal(t, tt.want, callerOf(&trace.Span{Kind: tt.kind, Attributes: tt.all}), name)
	}
}
