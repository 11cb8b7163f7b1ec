package rest_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/gate/client"
)

var ofImage = release.Subject{Service: "catalog", Digest: image, BaseDigest: base}

// looked files looks at three metrics each, a minute apart.
func looked(t *testing.T, s *server, n int) {
	for i := range n {
		from := s.now.Add(time.Duration(i)*time.Minute + 123456*time.Microsecond)
		var all []release.Observation
		for m := range 3 {
			all = append(all, release.Observation{Metric: fmt.Sprint("metric ", m), From: from, To: from.Add(time.Minute), Canary: release.Counts{Total: uint64(i)}})
		}
		added, err := s.store.ObserveAll(t.Context(), ofImage, all)
		require.NoError(t, err)
		require.EqualValues(t, len(all), added)
	}
}

func TestPagesOfLooksGoThroughAllAndPartNone(t *testing.T) {
	s := serve(t)
	const n = 40
	looked(t, s, n)
	for _, c := range []struct{ limit, most, pages int }{
		{1, 3, n}, {3, 3, n}, {4, 6, n / 2}, {100, 102, 2}, {1000, 120, 1},
	} {
		t.Run(fmt.Sprint(c.limit), func(t *testing.T) {
			seen, pages := map[string]bool{}, 0
			target := fmt.Sprintf("/api/v1/observations%s&limit=%d", ofCatalog, c.limit)
			for next := ""; pages <= n; pages++ {
				var page struct {
					Items []release.Observation
					Next  string
				}
				s.do("reader", "GET", target+next, "").into(t, &page)
				assert.LessOrEqual(t, len(page.Items), c.most)
				for _, o := range page.Items {
					seen[o.Metric+o.From.String()] = true
				}
				if next = "&after=" + url.QueryEscape(page.Next); page.Next == "" {
					break
				}
			}
			assert.Len(t, seen, 3*n)
			assert.Equal(t, c.pages, pages+1)
		})
	}
}

func TestAClientReadsAllLooksInOrder(t *testing.T) {
	s := serve(t)
	const n = 400 // more than a page
	looked(t, s, n)
	c, err := client.New(client.Config{URL: s.http.URL, Token: tokenOf("reader")})
	require.NoError(t, err)
	var last release.Observation
	got := 0
	require.NoError(t, c.Observations(t.Context(), ofImage, time.Time{}, func(o release.Observation) bool {
		assert.False(t, o.From.Before(last.From))
		last, got = o, got+1
		return true
	}))
	assert.Equal(t, 3*n, got)
	require.NoError(t, c.Observations(t.Context(), ofImage, last.From, func(release.Observation) bool {
		t.Error("nothing began later")
		return true
	}))
}
