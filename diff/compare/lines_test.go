package compare

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// patch applies the hunks to the base and returns the other text. It checks that
// each one stands at its line.
func patch(t require.TestingT, base []byte, hunks []hunk) []byte {
	lines := bytes.SplitAfter(base, newline)
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	var out []byte
	written, i := 0, 0
	copyLine := func() {
		require.Less(t, i, len(lines), "the hunk stands behind the end")
		out = append(out, lines[i]...)
		i++
		written++
	}
	for _, h := range hunks {
		require.NotEqual(t, h.base, h.other)
		for len(h.base) == 0 && written+1 < h.line || len(h.base) > 0 && i+1 < h.line {
			copyLine()
		}
		out = append(out, h.other...)
		written += countLines(h.other)
		for rest := h.base; len(rest) > 0; i++ {
			require.True(t, bytes.HasPrefix(rest, lines[i]), "line %d", i+1)
			rest = rest[len(lines[i]):]
		}
	}
	for i < len(lines) {
		copyLine()
	}
	return out
}

func countLines(b []byte) int {
	n := bytes.Count(b, newline)
	if len(b) > 0 && b[len(b)-1] != '\n' {
		n++
	}
	return n
}

func hunksOf(l *liner, x, y []byte) []hunk {
	var list []hunk
	l.compare(x, y, func(h hunk) { list = append(list, h) })
	return list
}

func TestHunksArePatches(t *testing.T) {
	var l liner
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\n\n\r")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		x, y := []byte(text.Draw(t, "x")), []byte(text.Draw(t, "y"))
		hunks := hunksOf(&l, x, y)
		require.Equal(t, string(y), string(patch(t, x, hunks)))
		require.Equal(t, bytes.Equal(x, y), len(hunks) == 0)
	})
}

func TestTextsThatShareLittleEndSoon(t *testing.T) {
	var x, y strings.Builder
	for i := range 20000 {
		x.WriteString(strings.Repeat("a", i%97) + "\n")
		y.WriteString(strings.Repeat("a", i%89) + "\n")
	}
	var l liner
	hunks := hunksOf(&l, []byte(x.String()), []byte(y.String()))
	assert.Equal(t, y.String(), string(patch(t, []byte(x.String()), hunks)))
}

func TestTextsOfTooManyLinesAreComparedByHash(t *testing.T) {
	const plain = "Content-Type: text/plain"
	got := places(answer(200, strings.Repeat("\n", maxLines), plain), answer(200, "a", plain))
	assert.Equal(t, []string{"changed bytes"}, got)
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\nc"), []byte("b\nc\nd\n"))
	f.Add([]byte(""), []byte("\n"))
	f.Add([]byte("a\r\n\r\n"), []byte("a\n\n"))
	var l liner
	f.Fuzz(func(t *testing.T, x, y []byte) {
		hunks := hunksOf(&l, x, y)
		require.Equal(t, string(y), string(patch(t, x, hunks)))
	})
}
