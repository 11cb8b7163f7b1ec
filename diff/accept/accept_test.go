package accept

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/diff"
)

var today = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func parse(t *testing.T, entries string) *Set {
	t.Helper()
	set, err := Parse("dir/twinspect.accepted.yaml", []byte("version: 1\naccepted:\n"+entries), today)
	require.NoError(t, err)
	return set
}

func TestEveryMistakeIsReportedWithItsPlace(t *testing.T) {
	data, err := os.ReadFile("testdata/broken.yaml")
	require.NoError(t, err)
	_, err = Parse("f", data, today)
	require.Error(t, err)
	golden := "testdata/broken.txt"
	if slices.Contains(flag.Args(), "update") {
		require.NoError(t, os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644))
	}
	want, readErr := os.ReadFile(golden)
	require.NoError(t, readErr)
	assert.Equal(t, string(want), err.Error()+"\n")
	var all rulefile.Errors
	require.True(t, errors.As(err, &all))
}

// found is a difference with the examples' values of branch.
func found(j diff.Judgement, operation string, part diff.Part, path string, branch ...string) diff.Difference {
	d := diff.Difference{
		Cell:      diff.Cell{Operation: operation, Place: diff.Place{Part: part, Path: path}, Kind: diff.Changed},
		Judgement: j,
	}
	d.Branch = 10
	for _, b := range branch {
		d.Examples = append(d.Examples, diff.Example{Base: "200", Branch: b})
	}
	d.OneValue = len(branch) > 0 && len(slices.Compact(slices.Clone(branch))) == 1
	return d
}

// unseen is the difference where occurrences beyond the examples have other values.
func unseen(d diff.Difference) diff.Difference {
	d.OneValue = false
	return d
}

func TestEntriesAcceptWhatTheyName(t *testing.T) {
	const rest = ", kind: changed, reason: r, by: me, expires: 2027-01-31}\n"
	for name, c := range map[string]struct {
		entry string
		d     diff.Difference
		want  bool
	}{
		"a regression":        {"{operation: GET /a, path: $.a", found(diff.Regression, "GET /a", diff.Body, "$.a", "1"), true},
		"a suspect":           {"{operation: GET /a, path: $.a", found(diff.Suspect, "GET /a", diff.Body, "$.a"), true},
		"noise":               {"{operation: GET /a, path: $.a", found(diff.Noise, "GET /a", diff.Body, "$.a"), false},
		"another place":       {"{operation: GET /a, path: $.b", found(diff.Regression, "GET /a", diff.Body, "$.a"), false},
		"another part":        {"{operation: GET /a, part: header, path: etag", found(diff.Regression, "GET /a", diff.Trailer, "etag"), false},
		"another operation":   {"{operation: GET /b, path: $.a", found(diff.Regression, "GET /a", diff.Body, "$.a"), false},
		"some operations":     {"{operation: 'GET *', path: $.a", found(diff.Regression, "GET /a", diff.Body, "$.a"), true},
		"all operations":      {"{operation: '*', part: header, path: x-powered-by", found(diff.Regression, "GET /a", diff.Header, "x-powered-by"), true},
		"the value":           {"{operation: GET /a, part: status, branch: 201", found(diff.Regression, "GET /a", diff.Status, "", "201", "201"), true},
		"one is another":      {"{operation: GET /a, part: status, branch: 201", found(diff.Regression, "GET /a", diff.Status, "", "201", "500"), false},
		"one may be another":  {"{operation: GET /a, part: status, branch: 201", unseen(found(diff.Regression, "GET /a", diff.Status, "", "201", "201")), false},
		"value without proof": {"{operation: GET /a, part: status, branch: 201", found(diff.Regression, "GET /a", diff.Status, ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			set := parse(t, "  - "+c.entry+rest)
			before := c.d.Judgement
			r := &diff.Report{Differences: []diff.Difference{c.d}}
			n := set.Apply(r)
			d := r.Differences[0]
			if !c.want {
				assert.Zero(t, n)
				assert.Equal(t, before, d.Judgement)
				assert.Nil(t, d.Accepted)
				assert.Len(t, set.Unused(), 1)
				return
			}
			assert.Equal(t, 1, n)
			assert.Equal(t, diff.Accepted, d.Judgement)
			assert.Equal(t, &diff.Acceptance{Where: "dir/twinspect.accepted.yaml:3", By: "me", Reason: "r", Expires: "2027-01-31"}, d.Accepted)
			assert.Empty(t, set.Unused())
		})
	}
}

func TestWhatWasAcceptedComesAfterTheSuspects(t *testing.T) {
	r := &diff.Report{Differences: []diff.Difference{
		found(diff.Regression, "GET /a", diff.Body, "$.a"), found(diff.Regression, "GET /a", diff.Body, "$.b"),
		found(diff.Suspect, "GET /a", diff.Body, "$.c"), found(diff.Noise, "GET /a", diff.Body, "$.d"),
	}}
	assert.Equal(t, 1, parse(t, "  - {operation: GET /a, path: $.a, kind: changed, reason: r, expires: 2027-01-31}\n").Apply(r))
	var order []string
	for _, d := range r.Differences {
		order = append(order, d.Path)
	}
	assert.Equal(t, []string{"$.b", "$.c", "$.a", "$.d"}, order)
	assert.Len(t, r.Judged(diff.Accepted), 1)
}

func TestEntriesThatDoNothingAreReported(t *testing.T) {
	set := parse(t, `  - {operation: GET /a, path: $.a, kind: changed, reason: r, expires: 2026-11-21}
  - {operation: GET /a, path: $.gone, kind: changed, reason: r, expires: 2026-11-21}
  - {operation: GET /a, path: $.gone, kind: changed, reason: r, expires: 2026-11-22}
  - {operation: GET /a, part: status, kind: changed, branch: "201", reason: r, expires: 2026-11-22}
`)
	r := &diff.Report{Differences: []diff.Difference{
		found(diff.Regression, "GET /a", diff.Body, "$.a"), found(diff.Regression, "GET /a", diff.Status, "", "500"),
	}}
	assert.Zero(t, set.Apply(r))
	var list []string
	for _, u := range set.Unused() {
		list = append(list, u.String())
	}
	const file = "dir/twinspect.accepted.yaml"
	assert.Equal(t, []string{
		file + ":3:6: GET /a, $.a changed: expired on 2026-11-21, and the difference is still there: look at it again",
		file + ":4:6: GET /a, $.gone changed: expired on 2026-11-21; remove it",
		file + ":5:6: GET /a, $.gone changed: there is no such difference any more; remove it",
		file + `:6:6: GET /a, status changed to 201: branch has "500" there, which is not what was accepted`,
	}, list)
}

func TestNilAndEmptyFilesAcceptNothing(t *testing.T) {
	var none *Set
	assert.Zero(t, none.Apply(&diff.Report{}))
	assert.Nil(t, none.Unused())
	assert.Nil(t, none.Entries())
	for _, text := range []string{"version: 1\n", "version: 1\naccepted:\n", "version: 1\naccepted: []\n"} {
		set, err := Parse("f", []byte(text), today)
		require.NoError(t, err)
		assert.Empty(t, set.Entries())
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), DefaultFile)
	_, err := Load(name)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(name, []byte("version: 2\n"), 0o600))
	_, err = Load(name)
	require.ErrorContains(t, err, name+":1:10: version 2 is not known")
}

func TestProposalsArePinnedToTheValueThatBranchAlwaysGives(t *testing.T) {
	for name, c := range map[string]struct {
		d    diff.Difference
		want string
	}{
		"one value":   {found(diff.Regression, "POST /a", diff.Status, "", "201", "201"), "201"},
		"two values":  {found(diff.Regression, "POST /a", diff.Body, "$.a", "201", "202"), ""},
		"more unseen": {unseen(found(diff.Regression, "POST /a", diff.Body, "$.a", "201", "201")), ""},
		"no examples": {found(diff.Regression, "POST /a", diff.Body, "$.a"), ""},
		"missing":     {found(diff.Regression, "POST /a", diff.Body, "$.a", ""), ""},
		"long":        {found(diff.Regression, "POST /a", diff.Body, "$.a", string(make([]byte, 200))), ""},
		"lines":       {found(diff.Regression, "POST /a", diff.Body, "text", "a\nb"), ""},
		"a cookie":    {found(diff.Regression, "POST /a", diff.Header, "set-cookie sid", "x"), ""},
		"a latency":   {found(diff.Regression, "POST /a", diff.Latency, "p50", "20 ms"), ""},
		"a text":      {found(diff.Regression, "POST /{id}", diff.Body, "$['a: #\\'b']", `"it's: #1"`), `"it's: #1"`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Propose(&c.d, "the new\nway: # one", "A. Person", today)
			require.NoError(t, err)
			if c.want == "" {
				assert.Nil(t, e.Branch)
			} else {
				assert.Equal(t, c.want, *e.Branch)
			}
			text, err := e.YAML()
			require.NoError(t, err)
			assert.Contains(t, text, "expires: \"2026-11-21\"\n")
		})
	}
	several := found(diff.Regression, "GET /a", diff.Status, "", "201", "500")
	_, err := Propose(&several, "r", "", today)
	require.ErrorIs(t, err, ErrSeveral)
	d := found(diff.Noise, "GET /a", diff.Body, "$.a")
	_, err = Propose(&d, "r", "", today)
	require.ErrorIs(t, err, ErrNoise)
}

func TestWhatNoFileCanHoldIsNoYAML(t *testing.T) {
	for _, d := range []diff.Difference{
		found(diff.Regression, " ", diff.Body, "$.a"), found(diff.Regression, "GET /a", diff.Header, "x-*"),
	} {
		e, err := Propose(&d, "r", "", today)
		require.NoError(t, err)
		_, err = e.YAML()
		assert.Error(t, err)
	}
}

func FuzzParse(f *testing.F) {
	broken, err := os.ReadFile("testdata/broken.yaml")
	require.NoError(f, err)
	f.Add(broken)
	for _, seed := range []string{
		"version: 1\naccepted:\n  - {operation: GET /a, part: status, kind: changed, branch: 201, reason: r, by: b, expires: 2027-01-01}\n",
		"version: 1\naccepted:\n  - operation: '*'\n    path: $.a\n    kind: added\n    reason: |\n      x\n    expires: 2027-01-01\n",
		"version: 1\naccepted: [{}]", "version: 1\naccepted:\n  - - a", "version: 1\naccepted: {a: b}", "\xff", "a: 'x\n\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Parse("f", data, today)
		var all rulefile.Errors
		if err != nil {
			require.True(t, errors.As(err, &all), "%v", err)
			return
		}
		for _, e := range set.Entries() {
			require.NotEmpty(t, e.Operation)
			require.NotEmpty(t, e.Reason)
			require.False(t, e.Expires.IsZero())
		}
		set.Apply(&diff.Report{Differences: []diff.Difference{found(diff.Regression, "GET /a", diff.Status, "", "201")}})
		set.Unused()
	})
}
