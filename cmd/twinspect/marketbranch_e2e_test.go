//go:build e2e && linux

package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/fixtures/market"
	"twinspect.dev/replay/send"
)

// verification is what became of the Pact files of a provider.
type verification struct {
	kept   int                 // interactions that passed
	broken map[string][]string // what failed, by consumer
}

// branch serves a provider that leaves fields out, beside base, and verifies the Pact
// files that consumers have of it.
func branch(t *testing.T, base *market.Market, pacts []*pact.Pact, provider string, drop ...field) verification {
	t.Helper()
	o := market.ServiceOptions{Seed: 3, Peers: make(map[string]string)}
	for _, peer := range market.Calls(provider) {
		o.Peers[peer] = base.URL(peer)
	}
	for _, f := range drop {
		o.Drop = append(o.Drop, f.setting())
	}
	s, err := market.StartService(t.Context(), provider, o)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close(context.WithoutCancel(t.Context()))) }()
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	client, err := send.New(send.Config{URL: u})
	require.NoError(t, err)
	defer client.Close()
	v := verify.Verifier{Sender: client, URL: u, States: &verify.HTTP{URL: u.JoinPath("_pact/state")}}
	out := verification{broken: make(map[string][]string)}
	for _, p := range pacts {
		if p.Provider != provider {
			continue
		}
		r, err := v.Verify(t.Context(), p)
		require.NoError(t, err)
		require.Zero(t, r.Counts[verify.NotRun], "%s of %s: %v", p.Consumer, provider, r.Account)
		out.kept += r.Counts[verify.Passed]
		for _, one := range r.Results {
			if one.Outcome == verify.Failed {
				out.broken[p.Consumer] = append(out.broken[p.Consumer], fmt.Sprintf("%s: %v", one.Description, one.Mismatches))
			}
		}
	}
	return out
}

// sweep counts what the branches showed.
type sweep struct {
	tried, read, exact     int // fields; those that are read; those by which exactly their readers break
	unread, harmless       int // those that nobody reads; those of them by which nobody breaks
	needing, broke, untold int // consumers that need a field and carry its value; those that broke; those whose Pact file cannot say it
	operations             map[string]bool
}

// pactsAgainstBranches drops each leaf of each provider, one at a time: exactly those
// break for whom the contracts have it as used and the Pact files say so.
func pactsAgainstBranches(t *testing.T, u *uses, pacts []*pact.Pact) {
	base, err := market.Start(t.Context(), market.Options{Seed: 3})
	require.NoError(t, err)
	defer func() { require.NoError(t, base.Close(context.WithoutCancel(t.Context()))) }()
	kept := 0
	for _, provider := range market.Services()[1:] {
		v := branch(t, base, pacts, provider)
		require.Empty(t, v.broken, "base")
		kept += v.kept
	}
	t.Logf("base keeps %d interactions of %d Pact files", kept, len(pacts))

	s := sweep{operations: make(map[string]bool)}
	for _, provider := range market.Services()[1:] {
		for _, f := range leaves(provider) {
			v := branch(t, base, pacts, provider, f)
			got := slices.Sorted(maps.Keys(v.broken))
			assert.ElementsMatch(t, u.expected(f), got, "%v: %v", f, v.broken)
			s.count(t, u, f, got)
		}
	}
	s.judge(t, u)
}

func (s *sweep) count(t *testing.T, u *uses, f field, got []string) {
	s.tried++
	readers := u.readers(f)
	switch {
	case len(readers) == 0:
		if s.unread++; len(got) == 0 {
			s.harmless++
		}
	default:
		if s.read++; slices.Equal(readers, got) {
			s.exact++
			s.operations[f.provider+" "+f.operation] = true
		}
	}
	if !slices.Equal(readers, got) {
		t.Logf("%v: read by %v, breaks %v, used by %v", f, readers, got, u.users(f))
	}
	for _, consumer := range u.needing(f) {
		switch s.needing++; {
		case slices.Contains(got, consumer):
			s.broke++
		case slices.Contains(u.users(f), consumer):
			s.untold++
		}
	}
}

func (s *sweep) judge(t *testing.T, u *uses) {
	t.Logf("%d fields dropped one at a time: of the %d that are read %d break exactly their readers; of the %d that nobody reads %d break nobody",
		s.tried, s.read, s.exact, s.unread, s.harmless)
	t.Logf("consumers that need a field whose values can be followed: %d of %d break, of %d the Pact file cannot say it", s.broke, s.needing, s.untold)
	t.Logf("used fields of %d operations break exactly their readers", len(s.operations))
	assert.GreaterOrEqual(t, len(s.operations), 6)
	assert.GreaterOrEqual(t, float64(s.broke+s.untold), leastCarried*float64(s.needing))
	// Nobody may break by what nobody reads, but for what the contracts wrongly have as used.
	assert.LessOrEqual(t, s.unread-s.harmless, len(u.falsely()))
}
