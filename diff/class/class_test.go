package class

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMostSpecificClassOfAValue(t *testing.T) {
	for text, want := range map[string]Class{
		`"7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6f"`:                                  UUID,
		`"7F1C2E6A-0F5B-4A53-9D0E-1A2B3C4D5E6F"`:                                  UUID,
		`"7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6g"`:                                  Token,
		`"01ARZ3NDEKTSV4RRFFQ69G5FAV"`:                                            ULID,
		`"81ARZ3NDEKTSV4RRFFQ69G5FAV"`:                                            Base64,
		`"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"`: JWT,
		`"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."`:                                  JWT,
		`"eyJ.eyJ.eyJ"`:                                                           Token,
		`"2026-11-21T10:00:04Z"`:                                                  Time,
		`"2026-11-21T10:00:04.123456789Z"`:                                        Time,
		`"2026-11-21t10:00:04.1+02:00"`:                                           Time,
		`"2026-11-21T10:00:04+0200"`:                                              Time,
		`"2026-11-21 10:00:04"`:                                                   Time,
		`"20261121T100004Z"`:                                                      Time,
		`"2026-13-21T10:00:04Z"`:                                                  Token,
		`"2026-02-30 10:00:04"`:                                                   String,
		`"2026-11-21"`:                                                            Date,
		`"2026-11-31"`:                                                            Token,
		`Sat, 21 Nov 2026 10:00:04 GMT`:                                           HTTPDate,
		`Sat Nov 21 10:00:04 2026`:                                                HTTPDate,
		`Saturday, 21-Nov-26 10:00:04 GMT`:                                        HTTPDate,
		`"jane.doe+shop@example.co.uk"`:                                           Email,
		`"jane@localhost"`:                                                        Token,
		`"https://example.com/a?b=c"`:                                             URL,
		`"https:\/\/example.com\/a"`:                                              URL,
		`"://example.com"`:                                                        Token,
		`"192.0.2.7"`:                                                             IP,
		`"2001:db8::1"`:                                                           IP,
		`"300.0.2.7"`:                                                             Token,
		`"1.20.3"`:                                                                Semver,
		`"v1.20.3-rc.1+build5"`:                                                   Semver,
		`"1.02.3"`:                                                                Token,
		`"12345"`:                                                                 Digits,
		`"deadbeef"`:                                                              Hex,
		`"facade"`:                                                                Token,
		`"SGVsbG8sIFdvcmxkIQ=="`:                                                  Base64,
		`"customerproducts"`:                                                      Token,
		`"pending"`:                                                               Token,
		`"in progress"`:                                                           String,
		`""`:                                                                      String,
		``:                                                                        String,
		`1700000000`:                                                              EpochSeconds,
		`1700000000.25`:                                                           EpochSeconds,
		`1700000000123`:                                                           EpochMillis,
		`1700000000123.5`:                                                         Number,
		`-1700000000`:                                                             Integer,
		`17`:                                                                      Integer,
		`3.0`:                                                                     Integer,
		`1.50e1`:                                                                  Integer,
		`10e-1`:                                                                   Integer,
		`1e400`:                                                                   Integer,
		`0e-5`:                                                                    Integer,
		`3.14`:                                                                    Number,
		`1e-1`:                                                                    Number,
		`1e99999999999999999999`:                                                  Integer,
		`true`:                                                                    Boolean,
		`null`:                                                                    Null,
		`{"a":1}`:                                                                 Object,
		`[1]`:                                                                     Array,
		`"cut short wit`:                                                          String,
		`W/"33a64df551"`:                                                          Token,
		`max-age=3600, public`:                                                    String,
		`007`:                                                                     Digits,
		`1.`:                                                                      Token,
	} {
		assert.Equal(t, want, Of([]byte(text)).Most(), "%s is %s", text, Of([]byte(text)))
	}
}

func TestNumbersAndStringsShareNoClassButAny(t *testing.T) {
	for _, digits := range []string{"1", "12345678", "1700000000", "1700000000123", "3.5"} {
		number, text := Of([]byte(digits)), Of([]byte(`"`+digits+`"`))
		assert.Equal(t, SetOf(Any), number&text, "%s: %s, %s", digits, number, text)
	}
}

func TestParseReadsEveryNameAndRefusesOthers(t *testing.T) {
	for _, name := range Names() {
		c, err := Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, c.String())
	}
	_, err := Parse("guid")
	require.ErrorContains(t, err, `no class is called "guid"; the classes are uuid, `)
}

func TestSetShowsItsClasses(t *testing.T) {
	assert.Equal(t, "hex|token|string|any", Of([]byte(`"deadbeef"`)).String())
	assert.Equal(t, Any, Set(0).Most())
	assert.Equal(t, "class(200)", Class(200).String())
}

func TestAsTimeReadsEveryForm(t *testing.T) {
	want := "2023-11-14T22:13:20.5Z"
	for _, text := range []string{
		`"2023-11-14T22:13:20.5Z"`, `"2023-11-15T00:13:20.5+02:00"`, `2023-11-14 22:13:20.5`,
		`1700000000.5`, `1700000000500`,
	} {
		got, ok := AsTime([]byte(text))
		require.True(t, ok, text)
		assert.Equal(t, want, got.UTC().Format("2006-01-02T15:04:05.999999999Z07:00"), text)
	}
	for _, text := range []string{`"soon"`, `17`, `null`, `"` + strings.Repeat("2", 100) + `"`, ``, `-1700000000`} {
		_, ok := AsTime([]byte(text))
		assert.False(t, ok, text)
	}
}

func TestEveryValueHasOneTypeAndAny(t *testing.T) {
	types := SetOf(Null, Boolean, Number, String, Array, Object)
	rapid.Check(t, func(t *rapid.T) {
		s := Of(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		kind := s & types
		assert.True(t, kind != 0 && kind&(kind-1) == 0, "one type in %s", s)
		assert.True(t, s.Has(Any))
	})
}

func FuzzOfAgreesWithJSONOnTypes(f *testing.F) {
	for _, seed := range []string{
		`1.0e5`, `-0`, `"a\u0041"`, `tru`, `"\"`, `""`, `"a"b"`, `eyJ.eyJ.`, `2026-11-21T10:00`, `Mon, `, `v1.2`, `a@b.c`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Of(text)
		_, _ = AsTime(text)
		var v any
		if json.Valid(text) && json.Unmarshal(text, &v) == nil {
			_, number := v.(float64)
			assert.Equal(t, number, s.Has(Number), "%q is %s", text, s)
		}
		var n json.Number
		if json.Unmarshal(text, &n) == nil && len(text) > 0 && text[0] != '"' && string(text) != "null" {
			assert.True(t, s.Has(Number), "%q is %s", text, s)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	values := [][]byte{
		[]byte(`"7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6f"`), []byte(`"2026-11-21T10:00:04Z"`),
		[]byte(`1700000000`), []byte(`"a product of the shop"`),
	}
	for b.Loop() {
		for _, v := range values {
			Of(v)
		}
	}
}
