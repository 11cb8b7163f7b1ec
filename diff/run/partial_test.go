package run

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/selfcheck"
	"twinspect.dev/replay"
)

const ruleFile = `version: 1
rules:
  - {path: $.quiet, ignore: true, reason: not looked at}
  - {path: $.kept, class: integer, reason: counts}
`

// ruled returns a judge with rules, whose set is its own.
func ruled(t require.TestingT) *Judge {
	set, err := rules.Parse("twinspect.yaml", []byte(ruleFile), start)
	require.NoError(t, err)
	own, err := rules.Parse("twinspect.yaml", []byte(ruleFile), start)
	require.NoError(t, err)
	check := &selfcheck.Options{Rules: own, PerOperation: 1, Budget: time.Hour}
	return NewJudge(Config{Namer: byPath{}, Names: "by path", Rules: set, MaxLoss: DefaultMaxLoss, SelfCheck: check})
}

// mixed draws an outcome with noise, regressions, values out of their class,
// faults, sides that are missing, and slow answers.
var mixed = rapid.Custom(func(t *rapid.T) *replay.Outcome {
	at := rapid.SampledFrom([]string{`"2026-11-21T10:00:00Z"`, `"2026-11-22T10:00:00Z"`, `"soon"`, `1700000000`})
	body := func(side string) string {
		return fmt.Sprintf(`%s {"id":%d,"at":%s,"quiet":%d,"kept":%s,"list":[{"n":%s},{"n":2}]%s}`, side,
			rapid.IntRange(1, 3).Draw(t, "id"), at.Draw(t, "at"), rapid.IntRange(0, 1).Draw(t, "quiet"),
			rapid.SampledFrom([]string{"1", "2", `2.5`}).Draw(t, "kept"), rapid.SampledFrom([]string{"1", "1.5"}).Draw(t, "n"),
			rapid.SampledFrom([]string{"", "", `,"more":null`}).Draw(t, "more"))
	}
	list := []string{body("base"), body("branch")}
	if rapid.IntRange(0, 7).Draw(t, "paired") > 0 {
		list = append(list, body("control"))
	}
	if rapid.IntRange(0, 9).Draw(t, "fault") == 0 {
		list[rapid.IntRange(0, 1).Draw(t, "side")] = "branch !reset"
	}
	path := rapid.SampledFrom([]string{"/a", "/b", "/c?token=abcdefghijklmnop", "/\xff"}).Draw(t, "path")
	o := answers(rapid.IntRange(0, 60).Draw(t, "exchange"), path, list...)
	for i := range o.Answers {
		took := rapid.SampledFrom([]time.Duration{0, ms, 3 * ms, 60 * ms, 70 * ms, 2 * longest}).Draw(t, "took")
		o.Answers[i].Response.End = start.Add(took)
	}
	return o
})

// before is the account of a worker that sent n exchanges.
func before(n int) capture.Account {
	read := capture.Stage{Name: "read", Unit: "records", Stats: capture.Stats{Seen: uint64(n) + 1, Written: uint64(n)}}
	read.Drop("gap", 1)
	return capture.Account{read, {Name: "replay", Unit: "exchanges", Stats: capture.Stats{Seen: uint64(n), Written: uint64(n)}}}
}

func encoded(t require.TestingT, p *Partial) []byte {
	var b bytes.Buffer
	require.NoError(t, p.Encode(&b))
	return b.Bytes()
}

func decoded(t require.TestingT, p *Partial) *Partial {
	again, err := DecodePartial(bytes.NewReader(encoded(t, p)))
	require.NoError(t, err)
	return again
}

func TestPartialsMergedInAnyOrderReportAsOneJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(mixed, 0, 40).Draw(t, "outcomes")
		for i, o := range all { // no two answers come at the same nanosecond
			for k := range o.Answers {
				a := &o.Answers[k]
				a.Request.Start, a.Response.End = a.Request.Start.Add(time.Duration(i)), a.Response.End.Add(time.Duration(i))
				a.Response.Start = a.Response.Start.Add(time.Duration(i))
			}
		}
		parts := make([]*Judge, rapid.IntRange(1, 5).Draw(t, "parts"))
		counts := make([]int, len(parts))
		for i := range parts {
			parts[i] = ruled(t)
		}
		whole := ruled(t)
		for _, o := range all {
			whole.Observe(o)
		}
		for _, o := range rapid.Permutation(all).Draw(t, "order") {
			i := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
			parts[i].Observe(o)
			counts[i]++
		}
		var account capture.Account
		for i, part := range parts {
			part.Account(before(counts[i]))
			account = account.Merge(before(counts[i]))
		}
		whole.Account(account)
		for len(parts) > 1 {
			from := rapid.IntRange(0, len(parts)-1).Draw(t, "merged")
			p := decoded(t, parts[from].Partial())
			parts = slices.Delete(parts, from, from+1)
			require.NoError(t, parts[rapid.IntRange(0, len(parts)-1).Draw(t, "into")].Merge(p))
		}
		if d := cmp.Diff(whole.Report(), parts[0].Report()); d != "" {
			t.Fatalf("the merged report differs: %s", d)
		}
	})
}

func TestPartialsGiveTheVerdictThatNoneHasAlone(t *testing.T) {
	coordinator := newJudge()
	for worker := range 5 {
		j := newJudge()
		for i := range 4 {
			j.Observe(answers(4*worker+i, "/a", `base {"a":1}`, `control {"a":1}`, `branch {"a":2}`))
		}
		assert.Equal(t, diff.Inconclusive, j.Report().Verdict)
		require.NoError(t, coordinator.Merge(decoded(t, j.Partial())))
	}
	assert.Equal(t, diff.Fail, coordinator.Report().Verdict)
}

func TestOperationsBeyondTheBoundAreSummedUpWhenMerged(t *testing.T) {
	parts := []*Judge{newJudge(), newJudge()}
	for i, j := range parts {
		for k := range maxOperations - 1 {
			j.Observe(answers(k, fmt.Sprintf("/%d/%d", i, k), "base 1", "control 1", "branch 2"))
		}
	}
	into := newJudge()
	for _, j := range parts {
		require.NoError(t, into.Merge(decoded(t, j.Partial())))
	}
	r := into.Report()
	require.NoError(t, r.Account.Balance())
	require.Len(t, r.Operations, maxOperations+1)
	assert.EqualValues(t, maxOperations-2, operationOf(r, otherOperations).Compared)
	assert.EqualValues(t, maxOperations-2, operationOf(r, otherOperations).Differing)
	decoded(t, into.Partial())
}

func TestPartialOfOtherSettingsIsRefused(t *testing.T) {
	set, err := rules.Parse("elsewhere.yaml", []byte(ruleFile), start)
	require.NoError(t, err)
	other, err := rules.Parse("twinspect.yaml", []byte(strings.Replace(ruleFile, "integer", "number", 1)), start)
	require.NoError(t, err)
	usual := Config{Namer: byPath{}, Names: "by path", Rules: set, MaxLoss: DefaultMaxLoss, SelfCheck: &selfcheck.Options{PerOperation: 1}}
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string // "" where it is accepted
	}{
		"the same, from another file": {func(*Config) {}, ""},
		"other rules":                 {func(c *Config) { c.Rules = other }, "under other rules"},
		"no rules":                    {func(c *Config) { c.Rules = nil }, "under other rules (none, here"},
		"another error rate":          {func(c *Config) { c.ErrorRate = 0.1 }, "at an error rate of 0.1, here it is 0.05"},
		"another loss":                {func(c *Config) { c.MaxLoss = 0.5 }, "with a loss of at most 0.5 allowed, here it is 0.05"},
		"no self-check":               {func(c *Config) { c.SelfCheck = nil }, "its self-check changes 0 answers of an operation, here it is 1"},
		"other names":                 {func(c *Config) { c.Names = "shop.yaml" }, `named in another way ("shop.yaml", here "by path")`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := usual
			tt.change(&cfg)
			part, into := NewJudge(cfg), ruled(t)
			part.Observe(answers(0, "/a", "base 1", "control 1", "branch 2"))
			err := into.Merge(decoded(t, part.Partial()))
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrForeign)
			require.ErrorContains(t, err, tt.want)
			assert.Empty(t, cmp.Diff(ruled(t).Report(), into.Report()), "nothing was changed")
		})
	}
}

func TestPartialIsNotChangedByWhatIsObservedLater(t *testing.T) {
	j := ruled(t)
	j.Observe(answers(0, "/a", `base {"a":1,"quiet":1}`, `control {"a":3}`, `branch {"a":2}`))
	j.Account(before(1))
	p := j.Partial()
	was := encoded(t, p)
	for i := range 20 {
		j.Observe(answers(i, "/a", `base {"a":1,"quiet":1}`, `control {"a":3.5}`, `branch {"b":2}`))
		j.Observe(answers(i, "/a", "base !reset", "branch 1"))
	}
	require.NoError(t, j.Merge(p))
	assert.Equal(t, was, encoded(t, p))
}

func TestPartialHoldsNoSecretOfTheAnswers(t *testing.T) {
	const secret = "hunter2hunter2hunter2"
	j := newJudge()
	for i := range 20 {
		o := answers(i, "/login?token="+secret, `base {"password":"`+secret+`"}`, `control {"password":"`+secret+`"}`, `branch {"password":"`+secret+`2"}`)
		for k := range o.Answers {
			o.Answers[k].Response.Header = append(o.Answers[k].Response.Header, capture.Field{Name: "Set-Cookie", Value: fmt.Sprintf("sid=%s%d", secret, k)})
			o.Answers[k].Response.End = start.Add(time.Duration(k*k*k) * 20 * ms)
		}
		j.Observe(o)
	}
	text := plain(t, encoded(t, j.Partial()))
	assert.NotContains(t, text, secret)
	assert.Contains(t, text, "/login?token=", "it has examples")
}

// plain is the lines of an encoded partial.
func plain(t require.TestingT, data []byte) string {
	z, err := zstd.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	defer z.Close()
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(text)
}

func packed(t require.TestingT, text string) []byte {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	_, err = z.Write([]byte(text))
	require.NoError(t, errors.Join(err, z.Close()))
	return b.Bytes()
}

// samplePartial has a bit of everything.
func samplePartial() *Partial {
	j := newJudge()
	for i := range 12 {
		o := answers(i, "/a", `base {"a":1,"t":"x"}`, fmt.Sprintf(`control {"a":%d,"t":"x"}`, i), `branch {"a":"soon"}`)
		o.Answers[2].Response.End = start.Add(50 * ms)
		j.Observe(o)
		j.Observe(answers(i, "/b", `base {"a":1}`, fmt.Sprintf(`control {"a":%d.5}`, i), `branch {"a":3}`))
		j.Observe(answers(i, "/\xff", `base {"a":1}`, `branch {"a":null}`))
	}
	j.Observe(answers(0, "/b", "base !refused", "branch 1"))
	j.Account(before(37))
	return j.Partial()
}

func TestDamagedPartialIsAnErrorWithItsLine(t *testing.T) {
	good := plain(t, encoded(t, samplePartial()))
	replaced := func(old, with string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, with, 1)
	}
	lines := strings.SplitAfter(good, "\n")
	for name, tt := range map[string]struct{ text, want string }{
		"empty":                 {"", "line 1: unexpected EOF"},
		"another schema":        {replaced("twinspect.dev/partial/diff", "twinspect.dev/evidence/diff"), `line 1: "twinspect.dev/evidence/diff" is not twinspect.dev/partial/diff`},
		"another version":       {replaced(`"version":4`, `"version":5`), "line 1: the partial cannot be merged into this run: it has version 5, this program writes and reads 4"},
		"not JSON":              {lines[0] + "hello\n", "line 2: invalid character"},
		"cut at a line":         {strings.Join(lines[:4], ""), "line 5: unexpected EOF"},
		"cut in a line":         {good[:len(good)/2], "unexpected EOF"},
		"a line missing":        {strings.Join(slices.Delete(slices.Clone(lines), 2, 3), ""), "the end counts"},
		"more after the end":    {good + "{}\n", "more data after the end"},
		"an unknown member":     {replaced(`{"totals"`, `{"colour":1,"totals"`), `line 2: json: unknown field "colour"`},
		"nothing in a line":     {lines[0] + "{}\n", "line 2: want exactly one"},
		"null":                  {lines[0] + "null\n", "line 2: want exactly one"},
		"two values":            {lines[0] + "{} {}\n", "line 2: more than one value"},
		"a count too large":     {replaced(`"seen":37`, `"seen":400000000000000`), "line 2: count 400000000000000 is beyond"},
		"a negative count":      {replaced(`"seen":37`, `"seen":-1`), "line 2: json"},
		"another sum":           {replaced(`"seen":37`, `"seen":36`), "36 outcomes were seen"},
		"a fault of its own":    {replaced(`"refused":1`, `"gremlins":1`), `unknown fault "gremlins"`},
		"a reason of its own":   {replaced(`"not_compared":{"base-refused":1}`, `"not_compared":{"base-gremlins":1}`), `unknown reason "base-gremlins"`},
		"a cell of no one":      {replaced(`"cell":{"operation":0`, `"cell":{"operation":99`), "operation 99 is none of 3"},
		"a reference to no one": {replaced(`"refs":[1,`, `"refs":[9999,`), "cell 9999 is out of order or none of"},
		"a line too long":       {lines[0] + strings.Repeat(" ", maxLine+1), "line 2: longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := DecodePartial(bytes.NewReader(packed(t, tt.text)))
			require.ErrorContains(t, err, tt.want)
			assert.Nil(t, p)
			assert.ErrorContains(t, err, "decode partial: line ")
		})
	}
	_, err := DecodePartial(strings.NewReader("this is no zstd"))
	require.Error(t, err)
}

func TestPartialThatCannotBeWrittenIsAnError(t *testing.T) {
	require.ErrorIs(t, samplePartial().Encode(failing{}), errFull)
}

var errFull = errors.New("no space left")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

// TestNoWrongNumberOrLineBreaksTheReader damages what is well formed, which a
// fuzzer seldom hits: what is then accepted must still add up and be judged.
func TestNoWrongNumberOrLineBreaksTheReader(t *testing.T) {
	lines := strings.SplitAfter(plain(t, encoded(t, samplePartial())), "\n")
	number := regexp.MustCompile(`[0-9]+`)
	rapid.Check(t, func(t *rapid.T) {
		damaged := slices.Clone(lines)
		for range rapid.IntRange(1, 3).Draw(t, "damages") {
			i := rapid.IntRange(1, len(damaged)-1).Draw(t, "line")
			if rapid.IntRange(0, 9).Draw(t, "copied") == 0 {
				damaged[i] = damaged[rapid.IntRange(1, len(damaged)-1).Draw(t, "from")]
				continue
			}
			places := number.FindAllStringIndex(damaged[i], -1)
			if len(places) == 0 {
				continue
			}
			at := rapid.SampledFrom(places).Draw(t, "place")
			with := rapid.SampledFrom([]string{"0", "1", "2", "11", "13", "24", "32", "33", "8912896", "281474976710656", "18446744073709551615", "-1"}).Draw(t, "number")
			damaged[i] = damaged[i][:at[0]] + with + damaged[i][at[1]:]
		}
		p, err := DecodePartial(bytes.NewReader(packed(t, strings.Join(damaged, ""))))
		if err != nil {
			require.ErrorContains(t, err, "line ")
			return
		}
		j := newJudge()
		j.Observe(answers(0, "/a", `base {"a":1}`, `control {"a":2}`, `branch {"a":3}`))
		require.NoError(t, j.Merge(p))
		for _, op := range j.Report().Operations {
			require.LessOrEqual(t, op.Differing, op.Compared)
		}
		for _, s := range []string{"compare", "noise", "judge"} {
			require.NoError(t, stage(j.Report().Account, s).Balance())
		}
		decoded(t, j.Partial())
	})
}

func FuzzDecodePartial(f *testing.F) {
	sample := plain(f, encoded(f, samplePartial()))
	f.Add([]byte(sample))
	f.Add([]byte(plain(f, encoded(f, newJudge().Partial()))))
	f.Add(encoded(f, samplePartial()))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = DecodePartial(bytes.NewReader(data))
		p, err := DecodePartial(bytes.NewReader(packed(t, string(data))))
		if err != nil {
			require.Nil(t, p)
			return
		}
		j := newJudge()
		j.Observe(answers(0, "/a", `base {"a":1}`, `control {"a":2}`, `branch {"a":3}`))
		was := plain(t, encoded(t, p))
		if j.Merge(p) == nil {
			j.Report()
			decoded(t, j.Partial())
		}
		require.Equal(t, was, plain(t, encoded(t, decoded(t, p))))
	})
}
