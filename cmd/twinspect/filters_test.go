package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func exchange(method, target string, status int) *capture.Exchange {
	e := &capture.Exchange{}
	e.Request.Method, e.Request.Target = method, target
	e.Request.Start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	e.Response.Status = status
	return e
}

func TestFiltersNameTheReasonForLeavingOut(t *testing.T) {
	get := exchange("GET", "/cart/7/items?page=2", 503)
	tests := []struct {
		name string
		f    filters
		want capture.Reason
	}{
		{"method kept", filters{methods: []string{"POST", "GET"}}, ""},
		{"method left out", filters{methods: []string{"POST"}}, "method"},
		{"exact path without query", filters{path: "/cart/7/items"}, ""},
		{"star stands for anything", filters{path: "/cart/*"}, ""},
		{"star inside", filters{path: "/*/items"}, ""},
		{"path is anchored", filters{path: "/cart"}, "path"},
		{"end is anchored", filters{path: "/cart/*/item"}, "path"},
		{"class", filters{statuses: []string{"404", "5xx"}}, ""},
		{"range", filters{statuses: []string{"400-499"}}, "status"},
		{"since is inclusive", filters{since: "2026-05-01T12:00:00Z"}, ""},
		{"until is exclusive", filters{until: "2026-05-01T12:00:00Z"}, "time"},
		{"first reason wins", filters{methods: []string{"PUT"}, statuses: []string{"2xx"}}, "method"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keep, err := tt.f.keep()
			require.NoError(t, err)
			assert.Equal(t, tt.want, keep(get))
		})
	}
}

func TestNoFilterKeepsEverything(t *testing.T) {
	keep, err := (&filters{}).keep()
	require.NoError(t, err)
	assert.Nil(t, keep)
}

func TestBadFiltersSayWhatIsWanted(t *testing.T) {
	for _, f := range []filters{
		{statuses: []string{"6xx"}}, {statuses: []string{"abc"}}, {statuses: []string{"500-400"}},
		{statuses: []string{"-1"}}, {since: "yesterday"}, {until: "2026-13-01T00:00:00Z"},
	} {
		_, err := f.keep()
		assert.ErrorContains(t, err, "want a", "%+v", f)
	}
}

func TestAnsweredWithNothingHasStatusZero(t *testing.T) {
	keep, err := (&filters{statuses: []string{"0"}}).keep()
	require.NoError(t, err)
	assert.Empty(t, keep(exchange("GET", "/", 0)))
	assert.Equal(t, capture.Reason("status"), keep(exchange("GET", "/", 200)))
}
