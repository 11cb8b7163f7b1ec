package message

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var texts = []string{
	`null`, ` true `, `false`, `"a"`, `"ü\u00e9\n\ud83d\ude00"`, `{}`, `[]`, ` { "a" : [ 1 , -0.5e+7 , 0 ] , "b" : { } } `,
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":1,}`, `[1,]`, `[,1]`, `[1 2]`, `{"a" 1}`, `{a:1}`, `{"a":}`, `01`, `-`, `1.`, `.5`, `1e`, `+1`, `nul`,
	`truex`, `"`, `"\`, `"\x"`, `"\ud800"`, `"` + "\xff" + `"`, `"` + "\xc0\x80" + `"`, `"` + "\x00" + `"`, `{"` + "\xff" + `":1}`,
	``, ` `, `1 1`, `[}`, `{]`, "\ufeff1", strings.Repeat("[", 600) + strings.Repeat("]", 600), strings.Repeat("[", 512) + strings.Repeat("]", 512),
	strings.Repeat("[", 513) + strings.Repeat("]", 513), `["` + strings.Repeat("long ", 3000) + `",1234567890123456789012345678901234567890]`,
}

// What is read in one pass is what is read by tokens, and the same is refused.
func TestOnePassReadsWhatTokensGive(t *testing.T) {
	for _, text := range texts {
		onePass(t, text)
	}
}

func onePass(t *testing.T, text string) {
	t.Helper()
	want, err := explainJSON([]byte(text))
	got, ok := scanJSON([]byte(text))
	assert.Equal(t, err == nil, ok, "%.80q: %v", text, err)
	if ok && !reflect.DeepEqual(want, got) {
		t.Errorf("%.80q: %v and %v", text, want, got)
	}
}

func FuzzOnePass(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(onePass)
}

func TestTextsOfGreatBodiesAreTheirOwn(t *testing.T) {
	small, _ := scanJSON([]byte(`["a"]`))
	assert.Equal(t, []any{"a"}, small)
	great, ok := scanJSON([]byte(`["a","` + strings.Repeat("b", maxShared) + `"]`))
	assert.True(t, ok)
	assert.Equal(t, "a", great.([]any)[0])
}
