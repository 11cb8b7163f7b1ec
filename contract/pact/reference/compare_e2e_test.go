//go:build e2e

package reference_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/verify"
)

// disagreement is a pair of which both say otherwise.
type disagreement struct{ pact, interaction, what, body, ours, theirs string }

// compared counts what both judged.
type compared struct {
	pairs, pass, fail int
	disagreed         []disagreement
}

// only writes the file with some of its interactions, byte for byte.
func only(t *testing.T, path string, keep map[string]answer) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var file map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(data, &file))
	for _, member := range []string{"interactions", "messages"} {
		if file[member] == nil {
			continue
		}
		var all, kept []json.RawMessage
		require.NoError(t, json.Unmarshal(file[member], &all))
		for _, raw := range all {
			var it struct{ Description string }
			require.NoError(t, json.Unmarshal(raw, &it))
			if _, ok := keep[it.Description]; ok {
				kept = append(kept, raw)
			}
		}
		file[member], err = json.Marshal(kept)
		require.NoError(t, err)
	}
	data, err = json.Marshal(file)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), filepath.Base(path))
	require.NoError(t, os.WriteFile(out, data, 0o600))
	return out
}

// both ask the same provider for the same pact.
func (c *compared) both(t *testing.T, j *judge, p *provider, path, states string, byName map[string]answer) {
	t.Helper()
	read, err := pact.ReadFile(path)
	require.NoError(t, err)
	told := make(map[string]answer)
	for i := range read.Interactions {
		it := &read.Interactions[i]
		if told[it.Description] = byName[it.Description]; it.Kind == pact.HTTP {
			told[it.Request.Path] = byName[it.Description]
		}
	}
	p.tell(told)
	o := order{Do: "verify", Pact: path, Port: p.port(t), Messages: "/messages"}
	if states != "" {
		o.States = p.url.JoinPath(states).String()
	}
	var theirs verdict
	j.ask(t, o, &theirs)
	theirStates := p.changes()
	report, err := ours(t, p.url, states).Verify(t.Context(), read)
	require.NoError(t, err)
	// The order of teardowns is theirs; ours undoes the last first.
	assert.ElementsMatch(t, theirStates, p.changes(), "the states that were set up and torn down")
	failed := theirs.failed()
	require.Len(t, failed, len(report.Results), "%v", theirs.Errors)
	for i := range report.Results {
		c.add(&report.Results[i], &theirs, failed, filepath.Base(path), byName)
	}
}

func (c *compared) add(r *verify.Result, theirs *verdict, failed map[string]bool, file string, byName map[string]answer) {
	c.count(r.Outcome == verify.Passed)
	if (r.Outcome != verify.Passed) != failed[r.Description] {
		c.disagreed = append(c.disagreed, disagreement{file, r.Description, byName[r.Description].what, string(byName[r.Description].body),
			fmt.Sprint(r.Outcome, " ", r.Detail, r.Mismatches), theirs.why(r.Description)})
	}
}

func (c *compared) count(passed bool) {
	c.pairs++
	if passed {
		c.pass++
	} else {
		c.fail++
	}
}

// tell lists what both do not agree on, and fails where no reason is known.
func (c *compared) tell(t *testing.T) {
	t.Helper()
	known := make(map[string]int)
	for i := range c.disagreed {
		d := &c.disagreed[i]
		if i := slices.IndexFunc(argued, func(a argument) bool { return a.fits(d) }); i >= 0 {
			known[argued[i].reason]++
			continue
		}
		t.Errorf("%s %q\n  answer %s: %s\n  ours   %s\n  theirs %s", d.pact, d.interaction, d.what, d.body, d.ours, d.theirs)
	}
	t.Logf("%d pairs: %d pass, %d fail, %d disagreements", c.pairs, c.pass, c.fail, len(c.disagreed))
	for _, a := range argued {
		if n := known[a.reason]; n > 0 {
			t.Logf("%4d  %s", n, a.reason)
		}
	}
}
