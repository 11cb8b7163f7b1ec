package intake_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat/impact"
	pactreport "twinspect.dev/contract/pact/report"
	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement"
)

var subject = release.Subject{Service: "catalog", Digest: "sha256:" + strings.Repeat("9f", 32), BaseDigest: "sha256:" + strings.Repeat("1a", 32)}

// documents are what the reports' own tests hold to be the form of evidence.
var documents = map[string]string{
	diff.Schema:           "../../diff/report/testdata/full-report.json",
	contract.Schema:       "../../contract/report/testdata/typical-report.json",
	pactreport.SchemaName: "../../contract/pact/report/testdata/typical-evidence.json",
	impact.Schema:         "../../contract/compat/report/testdata/typical-report.json",
}

func document(t testing.TB, schema string) []byte {
	t.Helper()
	data, err := os.ReadFile(documents[schema])
	require.NoError(t, err)
	return data
}

func TestEvidenceOfEachKindIsTakenIn(t *testing.T) {
	for schema, kind := range map[string]release.Kind{
		diff.Schema: release.Diff, contract.Schema: release.Provider, pactreport.SchemaName: release.Consumer, impact.Schema: release.Consumer,
	} {
		t.Run(schema, func(t *testing.T) {
			data := document(t, schema)
			e, err := intake.Read(data)
			require.NoError(t, err)
			assert.Equal(t, kind, e.Kind)
			assert.Equal(t, schema, e.Schema)
			assert.Equal(t, release.Digest(data), e.ID)
			assert.Regexp(t, `^sha256:[0-9a-f]{64}$`, e.ID)
			assert.Zero(t, e.Subject)
			assert.Equal(t, release.Fail, e.Outcome)
			assert.NotEmpty(t, e.Reasons)
			assert.NotEmpty(t, e.Operations)
			assert.Positive(t, e.Samples)
			var broken uint64
			for _, o := range e.Operations {
				broken += o.Regressions
				assert.LessOrEqual(t, len(o.Texts), release.MaxTexts)
			}
			assert.Positive(t, broken)
		})
	}
}

func TestAnEnvelopeSaysWhatEvidenceIsOf(t *testing.T) {
	for schema := range documents {
		data := document(t, schema)
		envelope, err := statement.Wrap(data, subject, release.Origin{Branch: "prices", URL: "https://ci.example/42"})
		require.NoError(t, err)
		wrapped, err := envelope.JSON()
		require.NoError(t, err)
		want, err := intake.Read(data)
		require.NoError(t, err)
		got, err := intake.Read(wrapped)
		require.NoError(t, err)
		want.ID, want.Subject, want.Origin = release.Digest(wrapped), subject, release.Origin{Branch: "prices", URL: "https://ci.example/42"}
		assert.Equal(t, want, got)
	}
}

func TestTheSignerIsTheFirstTrustedKey(t *testing.T) {
	ci, review := generate(t), generate(t)
	trusted := new(statement.Keyring)
	require.NoError(t, trusted.Add("review", review.Public()))
	require.NoError(t, trusted.Add("ci", ci.Public()))
	envelope, err := statement.Wrap(document(t, diff.Schema), subject, release.Origin{})
	require.NoError(t, err)
	signer := func(data []byte) string {
		name, err := intake.Signer(data, trusted)
		require.NoError(t, err)
		return name
	}
	data := func() []byte {
		data, err := envelope.JSON()
		require.NoError(t, err)
		return data
	}
	assert.Empty(t, signer(document(t, diff.Schema)), "what has no envelope is not signed")
	assert.Empty(t, signer(data()))
	require.NoError(t, statement.Sign(envelope, generate(t)))
	assert.Empty(t, signer(data()), "nobody knows the key")
	require.NoError(t, statement.Sign(envelope, ci))
	assert.Equal(t, "ci", signer(data()))
	require.NoError(t, statement.Sign(envelope, review))
	assert.Equal(t, "review", signer(data()))
	name, err := intake.Signer(data(), nil)
	require.NoError(t, err)
	assert.Empty(t, name)
	envelope.Signatures[1].Sig[0]++
	_, err = intake.Signer(data(), trusted)
	require.ErrorIs(t, err, statement.ErrForged)
	_, err = intake.Signer(data()[:100], trusted)
	require.ErrorContains(t, err, "ends before")
}

func generate(t testing.TB) *statement.PrivateKey {
	t.Helper()
	k, err := statement.Generate(statement.Ed25519)
	require.NoError(t, err)
	return k
}

func TestWhatIsNoEvidenceIsRefused(t *testing.T) {
	good := string(document(t, diff.Schema))
	for name, tt := range map[string]struct {
		text, says string
		is         error
	}{
		"nothing":        {"", "it is empty", nil},
		"no JSON":        {"evidence", "line 1", nil},
		"a list":         {"[]", "no evidence", intake.ErrForeign},
		"foreign schema": {`{"schema": "example.com/x", "version": "1.0"}`, `"example.com/x"`, intake.ErrForeign},
		"a verdict":      {`{"schema": "twinspect.dev/verdict", "version": "1.0"}`, "no evidence", intake.ErrForeign},
		"newer version":  {strings.Replace(good, `"version": "1.2"`, `"version": "2.0"`, 1), "or a newer one", nil},
		"cut":            {good[:len(good)/2], "ends before", nil},
		"two verdicts":   {strings.Replace(good, `"verdict":`, `"verdict": "pass", "verdict":`, 1), "twice", nil},
		"two Verdicts":   {strings.Replace(good, `"verdict":`, `"Verdict": "pass", "verdict":`, 1), "in case alone", nil},
		"both":           {strings.Replace(good, `{`, `{"payloadType": "x",`, 1), "envelope and evidence", intake.ErrContradicts},
		"too long":       {strings.Repeat(" ", intake.MaxDocument+1), "longer than", intake.ErrTooLong},
		"no times":       {strings.Replace(good, `"started":`, `"begun":`, 1), "when it started", nil},
		"unknown":        {strings.Replace(good, `"verdict": "fail"`, `"verdict": "fine"`, 1), "fine", nil},
		"in an envelope": {`{"payloadType": "application/vnd.in-toto+json", "payload": "e30="}`, "the type is", nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := intake.Read([]byte(tt.text))
			require.ErrorContains(t, err, tt.says)
			assert.Nil(t, e)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
		})
	}
}

// forge changes a document and returns the error of reading it.
func forge(t *testing.T, schema string, change func(map[string]any)) error {
	t.Helper()
	var d map[string]any
	require.NoError(t, json.Unmarshal(document(t, schema), &d))
	change(d)
	data, err := json.Marshal(d)
	require.NoError(t, err)
	_, err = intake.Read(data)
	return err
}

func first(d map[string]any, list string) map[string]any {
	return d[list].([]any)[0].(map[string]any)
}

func TestEvidenceThatContradictsItselfIsForged(t *testing.T) {
	for name, tt := range map[string]struct {
		schema string
		change func(map[string]any)
		says   string
	}{
		"pass with regressions":    {diff.Schema, func(d map[string]any) { d["verdict"] = "pass" }, "the verdict is pass"},
		"pass with findings":       {contract.Schema, func(d map[string]any) { d["verdict"] = "pass" }, "the verdict is pass"},
		"pass with broken pacts":   {pactreport.SchemaName, func(d map[string]any) { d["verdict"] = "pass" }, "verdict is pass"},
		"pass with broken clients": {impact.Schema, func(d map[string]any) { d["verdict"] = "pass" }, "verdict is pass"},
		"pass of nothing": {diff.Schema, func(d map[string]any) {
			d["verdict"], d["differences"], d["operations"] = "pass", []any{}, []any{}
		}, "nothing was compared"},
		"pass with suspects": {diff.Schema, func(d map[string]any) {
			d["verdict"] = "pass"
			for _, x := range d["differences"].([]any) {
				if x.(map[string]any)["judgement"] == "regression" {
					x.(map[string]any)["judgement"] = "suspect"
				}
			}
		}, "suspects"},
		"more differ than were compared": {diff.Schema, func(d map[string]any) { first(d, "operations")["differing"] = 1e9 }, "outcomes differ"},
		"more often than outcomes":       {diff.Schema, func(d map[string]any) { first(d, "differences")["branch"] = 1e9 }, "differences[0]"},
		"an account that hides":          {diff.Schema, func(d map[string]any) { first(d, "account")["written"] = 1 }, "account"},
		"an account that overflows": {contract.Schema, func(d map[string]any) {
			d["account"] = []any{map[string]any{"name": "x", "unit": "cases", "seen": 4, "written": uint64(1<<63 + 4), "open": uint64(1 << 63)}}
		}, "accounts for more"},
		"cases that hide":          {contract.Schema, func(d map[string]any) { first(d, "cases")["passed"] = 0 }, "cases[0]"},
		"results that hide":        {pactreport.SchemaName, func(d map[string]any) { d["counts"].(map[string]any)["passed"] = 99 }, "99 results"},
		"negative counts":          {diff.Schema, func(d map[string]any) { first(d, "operations")["compared"] = -1 }, "number -1"},
		"it ended before":          {diff.Schema, func(d map[string]any) { d["ended"] = "2001-01-01T00:00:00Z" }, "before it started"},
		"self-check that hides":    {diff.Schema, func(d map[string]any) { d["self_check"].(map[string]any)["missed"] = 0 }, "self_check"},
		"an operation's long name": {diff.Schema, func(d map[string]any) { first(d, "operations")["name"] = strings.Repeat("x", 9000) }, "9000 bytes"},
	} {
		t.Run(name, func(t *testing.T) { require.ErrorContains(t, forge(t, tt.schema, tt.change), tt.says) })
	}
}

func TestTooManyOperationsAreRefused(t *testing.T) {
	err := forge(t, diff.Schema, func(d map[string]any) {
		var list []any
		for i := range intake.MaxOperations + 1 {
			list = append(list, map[string]any{"name": "GET /" + strings.Repeat("x", i%100) + string(rune('0'+i/100)), "compared": 1})
		}
		d["operations"] = list
	})
	require.ErrorContains(t, err, "more than 10000 operations")
}

func TestTextsAreBounded(t *testing.T) {
	var d map[string]any
	require.NoError(t, json.Unmarshal(document(t, diff.Schema), &d))
	long := strings.Repeat("é", 100_000)
	d["tool"], d["reasons"] = long, strings.Split(strings.Repeat(long[:4000]+" ", 200), " ")
	for _, x := range d["differences"].([]any) {
		x.(map[string]any)["reason"] = long
	}
	data, err := json.Marshal(d)
	require.NoError(t, err)
	e, err := intake.Read(data)
	require.NoError(t, err)
	small, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Less(t, len(small), 200<<10)
	assert.Len(t, e.Reasons, 100)
	assert.Equal(t, strings.Repeat("é", 498)+"…", e.Tool)
}

func FuzzRead(f *testing.F) {
	for schema := range documents {
		data := document(f, schema)
		f.Add(data)
		envelope, err := statement.Wrap(data, subject, release.Origin{})
		require.NoError(f, err)
		wrapped, err := envelope.JSON()
		require.NoError(f, err)
		f.Add(wrapped)
		f.Add([]byte(`{"schema":"` + schema + `","version":"1.0","verdict":"pass","started":"2026-01-01T00:00:00Z","ended":"2026-01-01T00:00:01Z"}`))
	}
	f.Add(looked(f, 3, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := intake.Read(data)
		if err != nil {
			require.Nil(t, e)
			return
		}
		require.Contains(t, []release.Outcome{release.Pass, release.Fail, release.Inconclusive, release.Interrupted}, e.Outcome)
		require.Contains(t, release.Kinds, e.Kind)
		require.LessOrEqual(t, e.Losses.Lost, e.Losses.Seen)
		for _, o := range e.Operations {
			require.False(t, e.Outcome == release.Pass && o.Regressions > 0)
			require.LessOrEqual(t, len(o.Texts), release.MaxTexts)
		}
	})
}
