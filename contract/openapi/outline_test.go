package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// outlines are files with places and their lines.
var outlines = map[string]struct {
	text string
	want map[string]int
}{
	"JSON": {
		"{\n\"a\": [\n1, 2,\n{\"b\":\n{\"c\": null}}],\n\"d/~\": {}, \"d\": {\n\"e\": 1}}\n",
		map[string]int{"": 1, "/a": 2, "/a/0": 3, "/a/1": 3, "/a/2": 4, "/a/2/b": 5, "/a/2/b/c": 5, "/a/3": 2, "/d~1~0": 6, "/d/e": 7, "/d/none/e": 6, "/none": 1},
	},
	"a name that is there twice": {"{\"a\":\n{\"b\": 1},\n\"a\":\n{\"b\": 2}}", map[string]int{"/a/b": 4}},
	"after a mark and blanks":    {bom + "\n\n{\n\"a\": 1}", map[string]int{"": 3, "/a": 4}},
	"YAML": {
		"a:\n  - 1\n  - b: &x\n      c: 2\n\nd: *x\ne: {<<: *x, f: 1,\n g: 2}\n",
		map[string]int{"": 1, "/a": 1, "/a/0": 2, "/a/1": 3, "/a/1/b": 3, "/a/1/b/c": 4, "/d": 6, "/d/c": 4, "/e/c": 7, "/e/f": 7, "/e/g": 8, "/none": 1},
	},
}

func TestLinesOfPlacesAreKnownWithoutTheText(t *testing.T) {
	for name, c := range outlines {
		for _, plain := range []bool{false, true} {
			tree := newTree()
			tree.plain = plain
			_, err := tree.decode(text([]byte(c.text)))
			require.NoError(t, err, name)
			for pointer, line := range c.want {
				assert.Equal(t, line, tree.lines.at(tokens(pointer)), "%s: %s", name, pointer)
			}
		}
	}
}

func TestManyValuesOfOneShapeHaveLinesOfTheirOwn(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"l":[`)
	for i := range 1000 {
		fmt.Fprintf(&b, "%s\n{\"a\":\n\"%d\"}", strings.Repeat(",", min(i, 1)), i)
	}
	b.WriteString("]}")
	tree := newTree()
	_, err := tree.decode(iotestInput(b.String()))
	require.NoError(t, err)
	for i := range 1000 {
		require.Equal(t, 3+2*i, tree.lines.at([]string{"l", fmt.Sprint(i), "a"}))
	}
	assert.Len(t, tree.lines.shapes, 4, "the document, the list, an object, and what has no parts")
}

// iotestInput gives a byte at a time.
func iotestInput(s string) *input {
	return newInput(iotest.OneByteReader(strings.NewReader(s)), len(s), nil)
}

func TestPositionsAreThoseOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(rapid.StringOf(rapid.RuneFrom([]rune("a\n\"é"))).Draw(t, "text"))
		in := newInput(iotest.OneByteReader(bytes.NewReader(data)), len(data), nil)
		_, err := io.ReadAll(in)
		require.NoError(t, err)
		for offset := range data {
			before := data[:offset]
			line, column := in.position(offset)
			require.Equal(t, 1+bytes.Count(before, []byte{'\n'}), line)
			require.Equal(t, len(before)-bytes.LastIndexByte(before, '\n'), column)
		}
	})
}

func TestFilesThatCannotBeReadToTheirEndAreRefused(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, start := range []string{"{\"openapi\":\n", "openapi: 3\n"} {
		r := io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken))
		_, err := newTree().decode(newInput(r, maxFile, nil))
		require.ErrorIs(t, err, broken, start)
		long := errors.New("it is too long")
		_, err = newTree().decode(newInput(strings.NewReader(start+strings.Repeat(" ", 100)), 50, long))
		require.ErrorIs(t, err, long, start)
	}
}
