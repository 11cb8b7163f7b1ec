package jsondiff

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// valid reports whether encoding/json takes doc for one JSON value.
func valid(doc []byte) bool { return json.Valid(doc) }

// surrogate finds escapes that may stand alone; encoding/json makes all of
// those the same character, the package keeps them apart.
var surrogate = regexp.MustCompile(`(?i)\\ud[89a-f]`)

// decidable tells whether encoding/json can tell what the package tells:
// neither duplicate names nor broken characters.
func decidable(doc []byte) bool {
	return utf8.Valid(doc) && !surrogate.Match(doc) && !hasDuplicates(json.NewDecoder(bytes.NewReader(doc)))
}

func hasDuplicates(dec *json.Decoder) bool {
	type level struct {
		names  []string // nil in an array
		inName bool
	}
	dec.UseNumber()
	var levels []level
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return false
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].names != nil {
			top := &levels[n-1]
			if top.inName {
				name := token.(string)
				if slices.Contains(top.names, name) {
					return true
				}
				top.names = append(top.names, name)
			}
			top.inName = !top.inName
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: []string{""}[:0:1], inName: true})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}

func FuzzCompare(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a":[1,2.50,"x\u0041"],"b":null}`, `{"b":null,"a":[1,2.5,"xA"]}`},
		{`[1,[2,[3]]]`, `[1,[2,[4]]]`}, {`"\ud83d\ude00"`, `"😀"`}, {`1e5`, `100000`}, {`-0`, `0`},
		{`[{"id":1},{"id":2}]`, `[{"id":2},{"id":1,"x":0}]`}, {`{"a":1,"a":2}`, `{"a":2}`}, {``, `{`}, {`{`, `{0`}, {`01`, `1.`},
		{`"` + "\x01" + `"`, `"\x"`}, {`[1,]`, `{"a":1,}`},
		{`[{"credentials":{"user":1}`, `{`}, {`[{"a":12,"b":{"c":1,"d":2}},{"a":1,"b":{}}]`, `[{"b":{"d":2,"c":1},"a":12.5},{"b":{},"a":1`},
		{`[{"b":1,"a":2},{"b":1,"b":2}]`, `[{"a":2, "b":1},{"b":2 ,"b":1,"c":0}]`},
		{`true`, `tru`}, {"\ufeff1", "1 1"}, {`"\ud800"`, `"\ud801"`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, base, other []byte) {
		var d Differ
		opt := Options{MaxDepth: 10000} // encoding/json's own
		changes := 0
		count := func(Change) { changes++ }
		err := d.Compare(base, append(slices.Clone(base), ' '), opt, count)
		require.Equal(t, valid(base), err == nil, "%q: %v", base, err)
		require.Zero(t, changes)

		err = d.Compare(base, other, opt, count)
		if bytes.Equal(base, other) {
			return
		}
		require.Equal(t, valid(base) && valid(other), err == nil, "%q %q: %v", base, other, err)
		if err != nil {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Equal(t, valid(base), syntax.Side == Other)
			return
		}
		tape := Differ{onTape: true}
		onTape := 0
		require.NoError(t, tape.Compare(base, other, opt, func(Change) { onTape++ }))
		require.Equal(t, onTape, changes, "%q %q", base, other)
		patch, err := d.Patch(base, other, opt)
		if err != nil {
			require.ErrorAs(t, err, new(*DuplicateError))
		} else {
			require.True(t, surrogate.Match(other) || json.Valid(patch), "%q", patch)
		}
		if decidable(base) && decidable(other) {
			require.NoError(t, err)
			got := canonical(patched(t, decode(t, base), patch))
			require.Equal(t, canonical(decode(t, other)), got, "%q %q %s", base, other, patch)
			same := canonical(decode(t, base)) == canonical(decode(t, other))
			require.Equal(t, same, changes == 0, "%q %q", base, other)
		}
	})
}
