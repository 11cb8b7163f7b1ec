package jsondiff

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEqualValuesInOtherForms(t *testing.T) {
	tests := []struct {
		base, other string
		same        bool
	}{
		{`1.0`, `1`, true},
		{`10e-1`, `1`, true},
		{`1E+2`, `100.000`, true},
		{`-0`, `0`, true},
		{`-0.0e999999999999999999999`, `0`, true},
		{`-1`, `1`, false},
		{`1e400`, `1e401`, false},
		{`1e400`, `10e399`, true},
		{`0.1000000000000000000001`, `0.1`, false},
		{`9007199254740993`, `9007199254740992`, false},
		{`1e1000000000000000000`, `10e999999999999999999`, true},
		{`1e1000000000000000000`, `1e1000000000000000001`, false},
		{`0.001e99999999999999999999`, `1e99999999999999999996`, true},
		{`1e-99999999999999999999`, `0`, false},
		{`1e0000000000000000000000001`, `10`, true},
		{`12.3`, `1.23`, false},
		{`0.0123`, `123e-4`, true},
		{`"\u0041"`, `"A"`, true},
		{`"\/"`, `"/"`, true},
		{`"\b\f\n\r\t\"\\"`, `"\u0008\u000c\u000A\u000d\u0009\u0022\u005C"`, true},
		{`"\ud83d\ude00"`, `"😀"`, true},
		{`"\ud83d"`, `"\ud83e"`, false},
		{`"\ud83d"`, `"\ufffd"`, false},
		{`"\ude00\ud83d"`, `"😀"`, false},
		{`"\ud83d\ud83d\ude00"`, `"\uD83D😀"`, true},
		{`"é"`, `"e\u0301"`, false},
		{`"` + strings.Repeat("x", 100) + `"`, ` "` + strings.Repeat("x", 99) + `\u0078"`, true},
	}
	for _, tt := range tests {
		t.Run(tt.base+" "+tt.other, func(t *testing.T) {
			for _, frame := range []string{"%", `{"a":[0,%]}`, `[[%],[1]]`} {
				base, other := strings.ReplaceAll(frame, "%", tt.base), strings.ReplaceAll(frame, "%", tt.other)
				assert.Equal(t, tt.same, len(told(t, base, other, Options{})) == 0, base)
				assert.Equal(t, tt.same, len(told(t, other, base, Options{})) == 0, base)
				// The same through sums: as elements in another order.
				again := told(t, "["+base+",7]", "[7,"+other+"]", Options{})
				assert.Equal(t, tt.same, len(again) == 1 && strings.HasPrefix(again[0], "reordered"), "%s: %s", base, again)
			}
		})
	}
}

func TestRefusesWhatIsNotJSON(t *testing.T) {
	tests := []struct{ doc, want string }{
		{"", "line 1, column 1 (offset 0): the document ends where a value is due"},
		{" \n ", "line 2, column 2 (offset 3): the document ends where a value is due"},
		{"{\n \"a\": 1,\n}", "line 3, column 1 (offset 11): a member's name in quotes is due"},
		{`{"a" 1}`, "line 1, column 6 (offset 5): a colon is due behind a member's name"},
		{`{"a":1 "b":2}`, "line 1, column 8 (offset 7): a comma or } is due in an object"},
		{`{"a":1]`, "line 1, column 7 (offset 6): a comma or } is due in an object"},
		{`{a:1}`, "line 1, column 2 (offset 1): a member's name in quotes is due"},
		{`{"a":`, "line 1, column 6 (offset 5): the document ends where a value is due"},
		{`[1,]`, "line 1, column 4 (offset 3): a value is due"},
		{`[1 2]`, "line 1, column 4 (offset 3): a comma or ] is due in an array"},
		{`[1`, "line 1, column 3 (offset 2): a comma or ] is due in an array"},
		{`1 2`, "line 1, column 3 (offset 2): nothing may follow the document's value"},
		{`01`, "line 1, column 2 (offset 1): nothing may follow the document's value"},
		{`-`, "line 1, column 2 (offset 1): a digit is missing in a number"},
		{`1.`, "line 1, column 3 (offset 2): a digit is missing in a number"},
		{`.5`, "line 1, column 1 (offset 0): a value is due"},
		{`1e+`, "line 1, column 4 (offset 3): a digit is missing in a number"},
		{`+1`, "line 1, column 1 (offset 0): a value is due"},
		{`NaN`, "line 1, column 1 (offset 0): a value is due"},
		{`nul`, "line 1, column 1 (offset 0): a value is due; did you mean null?"},
		{`True`, "line 1, column 1 (offset 0): a value is due"},
		{`'a'`, "line 1, column 1 (offset 0): a value is due"},
		{`"a`, "line 1, column 3 (offset 2): the string does not end"},
		{"\"a\nb\"", "line 1, column 3 (offset 2): a control character in a string must be escaped"},
		{`"\x"`, "line 1, column 2 (offset 1): no such escape in a string"},
		{`"\u12g4"`, "line 1, column 2 (offset 1): no such escape in a string"},
		{`"\u123`, "line 1, column 2 (offset 1): no such escape in a string"},
		{"\ufeff1", "line 1, column 1 (offset 0): a value is due"},
		{"\v1", "line 1, column 1 (offset 0): a value is due"},
		{"[1]\x00", "line 1, column 4 (offset 3): nothing may follow the document's value"},
	}
	for _, tt := range tests {
		t.Run(tt.doc, func(t *testing.T) {
			var d Differ
			refuse := func(c Change) { t.Errorf("told %v in spite of the error", c) }
			assert.EqualError(t, d.Compare([]byte(tt.doc), []byte(`{"a":2}`), Options{}, refuse), "base is not JSON: "+tt.want)
			assert.EqualError(t, d.Compare([]byte(`{"a":2}`), []byte(tt.doc), Options{}, refuse), "other is not JSON: "+tt.want)
			assert.EqualError(t, d.Check([]byte(tt.doc), Options{}), "base is not JSON: "+tt.want)
		})
	}
}

func TestPathsAreJSONPaths(t *testing.T) {
	tests := []struct {
		path       Path
		want, fold string
	}{
		{nil, "$", "$"},
		{Path{{Name: "items", Index: -1}, {Index: 3}, {Name: "price", Index: -1}}, "$.items[3].price", "$.items[*].price"},
		{Path{{Name: "odd name", Index: -1}, {Index: 0}}, "$['odd name'][0]", "$['odd name'][*]"},
		{Path{{Name: "1a", Index: -1}, {Index: math.MaxInt}, {Name: "größe_1", Index: -1}}, "$['1a'][9223372036854775807].größe_1", "$['1a'][*].größe_1"},
		{Path{{Name: "it's \\ \n\x01\x7f", Index: -1}, {Index: 0}}, `$['it\'s \\ \n\u0001` + "\x7f'][0]", `$['it\'s \\ \n\u0001` + "\x7f'][*]"},
		{Path{{Name: "\b\t\f\r", Index: -1}, {Name: "-", Index: -1}, {Name: "*", Index: -1}}, `$['\b\t\f\r']['-']['*']`, `$['\b\t\f\r']['-']['*']`},
		{Path{{Name: "\xff", Index: -1}}, "$['\ufffd']", "$['\ufffd']"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.path.String())
		assert.Equal(t, tt.fold, tt.path.Fold())
	}
}

func TestEqualDocumentsNeedNoMemory(t *testing.T) {
	doc := func(s string) []byte { return []byte(s) }
	tests := map[string][2][]byte{
		"the same bytes":   {doc(`{"a":[1,2,{"b":"c"}]}`), doc(`{"a":[1,2,{"b":"c"}]}`)},
		"other spacing":    {doc(`{"a":[1,2,{"b":"c"}]}`), doc(`{ "a" : [1.0, 2,{"b":"\u0063"}]}`)},
		"another order":    {doc(`{"a":[1,2],"b":{"c":null,"d":1}}`), doc(`{"b":{"d":1e0,"c":null},"a":[1,2]}`)},
		"a large document": {orders(t, "", nil), append(orders(t, " ", nil), ' ')},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var d Differ
			fail := func(c Change) { t.Errorf("told %v", c) }
			allocs := testing.AllocsPerRun(10, func() {
				require.NoError(t, d.Compare(tt[0], tt[1], Options{}, fail))
			})
			assert.Zero(t, allocs)
		})
	}
}
