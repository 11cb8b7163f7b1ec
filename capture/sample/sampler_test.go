package sample

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestShareOfSessionsKeptIsTheRate(t *testing.T) {
	const n = 50_000
	for _, salt := range []string{"", "a", "another salt"} {
		for _, rate := range []float64{0, 0.001, 0.01, 0.25, 0.5, 0.99, 1} {
			s := NewSampler(Config{Rate: rate, Salt: salt})
			kept := 0
			for i := range n {
				if s.Keep("10.0.0.1:"+strconv.Itoa(i), "GET /", noon).Kept() {
					kept++
				}
			}
			// Five standard deviations of a binomial.
			assert.InDelta(t, rate*n, kept, 5*math.Sqrt(n*rate*(1-rate)), "salt %q, rate %v", salt, rate)
		}
	}
}

func TestSameSaltChoosesTheSameSessionsInEveryRelease(t *testing.T) {
	s := NewSampler(Config{Rate: 0.5, Salt: "salt"})
	chosen := ""
	for i := range 16 {
		if s.Keep(fmt.Sprintf("session-%d", i), "", noon).Kept() {
			chosen += strconv.FormatInt(int64(i), 16)
		}
	}
	require.Equal(t, "024bcf", chosen)
}

func TestSaltsChooseIndependently(t *testing.T) {
	a, b := NewSampler(Config{Rate: 0.5, Salt: "a"}), NewSampler(Config{Rate: 0.5, Salt: "b"})
	const n = 20_000
	both := 0
	for i := range n {
		key := strconv.Itoa(i)
		if a.Keep(key, "", noon).Kept() && b.Keep(key, "", noon).Kept() {
			both++
		}
	}
	require.InDelta(t, n/4, both, 5*math.Sqrt(n*3.0/16))
}

func TestLowerRateKeepsASubset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		salt := rapid.String().Draw(t, "salt")
		high := rapid.Float64Range(0, 1).Draw(t, "high")
		low := high * rapid.Float64Range(0, 1).Draw(t, "part")
		key := rapid.String().Draw(t, "key")
		if NewSampler(Config{Rate: low, Salt: salt}).Keep(key, "", noon).Kept() {
			require.Equal(t, Chosen, NewSampler(Config{Rate: high, Salt: salt}).Keep(key, "", noon))
		}
	})
}

func TestFactorKeepsASubsetAndIsToldApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate, factor := rapid.Float64Range(0, 1).Draw(t, "rate"), rapid.Float64Range(0, 1).Draw(t, "factor")
		key := rapid.String().Draw(t, "key")
		s := NewSampler(Config{Rate: rate})
		before := s.Keep(key, "", noon)
		s.SetFactor(factor)
		after := s.Keep(key, "", noon)
		if before.Kept() {
			require.Contains(t, []Decision{Chosen, limited}, after)
		} else {
			require.Equal(t, SampledOut, after.Reason())
		}
	})
}

func TestRatesOutsideTheirRangeAreTheNearest(t *testing.T) {
	for rate, want := range map[float64]bool{-1: false, math.Inf(-1): false, 2: true, math.Inf(1): true} {
		assert.Equal(t, want, NewSampler(Config{Rate: rate}).Keep("k", "", noon).Kept(), "%v", rate)
	}
	assert.False(t, NewSampler(Config{Rate: math.NaN()}).Keep("k", "", noon).Kept())
}

func TestQuotaKeepsSomeOfEachOperationInEachWindow(t *testing.T) {
	s := NewSampler(Config{Quota: 3})
	for minute := range 3 {
		at := noon.Add(time.Duration(minute) * time.Minute)
		kept := map[string]int{}
		for i := range 1000 {
			op := "GET /common"
			if i%300 == 0 {
				op = "GET /rare"
			}
			if s.Keep(fmt.Sprint(minute, i), op, at).Kept() {
				kept[op]++
			}
		}
		require.Equal(t, map[string]int{"GET /common": 3, "GET /rare": 3}, kept, "minute %d", minute)
	}
}

func TestQuotaIsMetAndItsCostIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{Quota: rapid.IntRange(1, 5).Draw(t, "quota"), Follow: rapid.IntRange(1, 5).Draw(t, "follow")}
		s := NewSampler(cfg)
		const ops, sessions = 4, 30
		seen, kept, total := [ops]int{}, [ops]int{}, 0
		for range rapid.IntRange(0, 400).Draw(t, "exchanges") {
			op, session := rapid.IntRange(0, ops-1).Draw(t, "op"), rapid.IntRange(0, sessions).Draw(t, "session")
			seen[op]++
			if s.Keep(strconv.Itoa(session), strconv.Itoa(op), noon).Kept() {
				kept[op]++
				total++
			}
		}
		for op := range ops {
			require.GreaterOrEqual(t, kept[op], min(seen[op], cfg.Quota))
		}
		require.LessOrEqual(t, total, ops*cfg.Quota*(1+cfg.Follow))
	})
}

func TestQuotaBringsTheRestOfItsSession(t *testing.T) {
	s := NewSampler(Config{Quota: 1, Follow: 3})
	require.Equal(t, notChosen, func() Decision { s.Keep("first", "GET /a", noon); return s.Keep("shopper", "GET /a", noon) }())
	require.Equal(t, ByQuota, s.Keep("shopper", "GET /rare", noon))
	for i := range 3 {
		require.Equal(t, Followed, s.Keep("shopper", "GET /a", noon), "%d", i)
	}
	require.Equal(t, notChosen, s.Keep("shopper", "GET /a", noon), "a session is not followed for ever")
	require.Equal(t, ByQuota, s.Keep("shopper", "GET /other", noon), "but may be again")
}

func TestFollowedExchangesCountTowardsTheirQuota(t *testing.T) {
	s := NewSampler(Config{Quota: 2})
	require.Equal(t, ByQuota, s.Keep("one", "GET /a", noon))
	require.Equal(t, Followed, s.Keep("one", "GET /b", noon))
	require.Equal(t, Followed, s.Keep("one", "GET /b", noon))
	require.Equal(t, notChosen, s.Keep("two", "GET /b", noon))
}

func TestWindowStandsAgainstLateExchanges(t *testing.T) {
	s := NewSampler(Config{Quota: 1, Follow: 1})
	keep := func(key string, at time.Time) Decision { return s.Keep(key, "GET /", at) }
	require.Equal(t, ByQuota, keep("1", noon))
	require.Equal(t, ByQuota, keep("2", noon.Add(time.Minute)))
	require.Equal(t, notChosen, keep("3", noon), "late by a window: counted in the present one")
	require.Equal(t, notChosen, keep("4", noon.Add(time.Minute)))
	require.Equal(t, notChosen, keep("5", time.Time{}), "no time: any window")
	require.Equal(t, ByQuota, keep("6", noon.Add(-time.Hour)), "an older recording")
}

func TestOperationsBeyondTheBoundAreCounted(t *testing.T) {
	s := NewSampler(Config{Quota: 1, MaxOperations: 2})
	require.True(t, s.Keep("1", "GET /a", noon).Kept())
	require.True(t, s.Keep("2", "GET /b", noon).Kept())
	require.Equal(t, Overflow, s.Keep("3", "GET /c", noon).Reason())
	require.Equal(t, SampledOut, s.Keep("4", "GET /a", noon).Reason())
	require.Equal(t, Followed, s.Keep("1", "GET /d", noon))
	require.Len(t, s.kept, 2)
	require.True(t, s.Keep("5", "GET /c", noon.Add(time.Minute)).Kept(), "the next window has room")
}

func TestFactorLowersWhatQuotasKeep(t *testing.T) {
	count := func(factor float64) (kept, limited int) {
		s := NewSampler(Config{Quota: 10})
		s.SetFactor(factor)
		for i := range 20_000 {
			switch d := s.Keep(strconv.Itoa(i%2000), "GET /"+strconv.Itoa(i%7), noon); {
			case d.Kept():
				kept++
			case d.Reason() == Limit:
				limited++
			}
		}
		return kept, limited
	}
	whole, none := count(1)
	part, told := count(0.1)
	require.Zero(t, none)
	require.NotZero(t, told)
	require.NotZero(t, part)
	require.Less(t, part, whole/2)
}

func TestQuotaKeepsRareOperationsUnderTheLimits(t *testing.T) {
	s := NewSampler(Config{Rate: 1, Quota: 2, Follow: 1})
	s.SetFactor(0.05)
	rare := 0
	for i := range 20_000 {
		op := "GET /common"
		if i%100 == 0 {
			op = "GET /rare"
		}
		switch d := s.Keep(strconv.Itoa(i), op, noon); {
		case d == ByQuota && op == "GET /rare":
			rare++
		case !d.Kept():
			require.Equal(t, Limit, d.Reason(), "the rate would have kept everything")
		}
	}
	require.Equal(t, 1, rare, "the quota times the factor, rounded up")
}

func TestMemoryStaysBounded(t *testing.T) {
	s := NewSampler(Config{Quota: 1 << 30, MaxOperations: 100})
	for i := range 3 * maxFollowed {
		s.Keep("session "+strconv.Itoa(i), "GET /"+strconv.Itoa(i%1000), noon)
	}
	require.Len(t, s.kept, 100)
	require.LessOrEqual(t, len(s.followed.slots), maxFollowed)
	require.LessOrEqual(t, len(s.followed.index), maxFollowed)
}

func TestFollowedSessionInUseOutlastsTheQuiet(t *testing.T) {
	var f followed
	f.add(0, 1<<30)
	for h := range uint64(4 * maxFollowed) {
		f.add(h+1, 10)
		require.True(t, f.take(0, true))
	}
	require.Len(t, f.index, maxFollowed)
}

func TestFollowedKeepsItsTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f followed
		left := map[uint64]int{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				h, n := rapid.Uint64Range(0, 20).Draw(t, "h"), rapid.IntRange(1, 4).Draw(t, "n")
				if left[h] == 0 {
					f.add(h, n)
					left[h] = n
				}
			},
			"take": func(t *rapid.T) {
				h, spend := rapid.Uint64Range(0, 20).Draw(t, "h"), rapid.Bool().Draw(t, "spend")
				require.Equal(t, left[h] > 0, f.take(h, spend))
				if spend && left[h] > 0 {
					left[h]--
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(f.slots), len(f.index)+len(f.free))
				for h, i := range f.index {
					require.Equal(t, h, f.slots[i].hash)
				}
			},
		})
	})
}

func TestNewSaltBeginsAnew(t *testing.T) {
	s := NewSampler(Config{Quota: 1})
	require.Equal(t, ByQuota, s.Keep("a", "GET /", noon))
	s.SetConfig(Config{Quota: 1, Rate: 0})
	require.Equal(t, Followed, s.Keep("a", "GET /", noon))
	s.SetConfig(Config{Quota: 1, Salt: "other"})
	require.Equal(t, ByQuota, s.Keep("b", "GET /", noon))
}

func BenchmarkKeep(b *testing.B) {
	keys := make([]string, 4096)
	for i := range keys {
		keys[i] = fmt.Sprintf("10.1.2.3:%d-10.1.2.4:8080", 30000+i)
	}
	for name, cfg := range map[string]Config{
		"rate":  {Rate: 0.1},
		"quota": {Rate: 0.1, Quota: 10},
	} {
		b.Run(name, func(b *testing.B) {
			s := NewSampler(cfg)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				s.Keep(keys[i%len(keys)], "GET /products/{}/reviews", noon.Add(time.Duration(i)*time.Millisecond))
				i++
			}
		})
	}
}
