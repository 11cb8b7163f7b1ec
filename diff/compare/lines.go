package compare

import (
	"bytes"
	"fmt"

	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/rules"
)

// maxLines bounds the memory for one text to about 64 MiB beside itself; longer
// texts are compared by hash.
const maxLines = 1 << 20

// hunk is a run of lines that differ.
type hunk struct {
	line        int // of base, from 1; of other where base has no line here
	base, other []byte
}

// text compares two texts. Bytes count: another line end is another line.
func (c *Comparer) text(x, y []byte) {
	if bytes.Count(x, newline) >= maxLines || bytes.Count(y, newline) >= maxLines {
		c.opaque(x, y, fmt.Errorf("more than %d lines", maxLines))
		return
	}
	c.jsonX, c.jsonY = likeJSON(x), likeJSON(y)
	c.lines.compare(x, y, c.hunk)
}

var newline = []byte{'\n'}

func (c *Comparer) hunk(h hunk) {
	it := rules.Item{Part: diff.Body, Kind: diff.Changed, Base: h.base, Other: h.other}
	switch {
	case len(h.base) == 0:
		it.Kind, it.Base = diff.Added, nil
	case len(h.other) == 0:
		it.Kind, it.Other = diff.Removed, nil
	}
	if c.keeps(&it) {
		c.tell(it, "text", fmt.Sprintf("line %d", h.line), c.mask.lines(it.Base, c.jsonX, h.line == 1), c.mask.lines(it.Other, c.jsonY, h.line == 1))
	}
}

// liner compares texts by lines. It keeps its buffers.
type liner struct {
	align   jsondiff.Aligner
	base    text
	other   text
	numbers map[string]int32 // by line; equal lines share a number
	kept    []pair           // the last one first
}

// text is one text: its bytes, where each line ends, and each line's number.
type text struct {
	data    []byte
	ends    []int
	numbers []int32
}

type pair struct{ i, j int }

// split finds the lines. Each includes its line end.
func (t *text) split(data []byte) {
	t.data, t.ends = data, t.ends[:0]
	for end := 0; end < len(data); {
		n := bytes.IndexByte(data[end:], '\n') + 1
		if n == 0 {
			n = len(data) - end
		}
		end += n
		t.ends = append(t.ends, end)
	}
}

// run returns the lines from i to before j.
func (t *text) run(i, j int) []byte { return t.data[t.start(i):t.start(j)] }

func (t *text) start(i int) int {
	if i == 0 {
		return 0
	}
	return t.ends[i-1]
}

// compare tells yield the hunks in which x and y differ, in their order.
func (l *liner) compare(x, y []byte, yield func(hunk)) {
	l.base.split(x)
	l.other.split(y)
	first, last := l.trim()
	l.number(&l.base, first, len(l.base.ends)-last)
	l.number(&l.other, first, len(l.other.ends)-last)
	l.kept = append(l.kept[:0], pair{len(l.base.ends) - last, len(l.other.ends) - last})
	l.align.Align(l.base.numbers, l.other.numbers, len(l.numbers), func(i, j int) {
		l.kept = append(l.kept, pair{first + i, first + j})
	})
	i, j := first, first
	for k := len(l.kept) - 1; k >= 0; k-- {
		next := l.kept[k]
		l.gap(i, next.i, j, next.j, yield)
		i, j = next.i+1, next.j+1
	}
	l.release()
}

// trim counts the lines that lead and trail both texts.
func (l *liner) trim() (first, last int) {
	n, m := len(l.base.ends), len(l.other.ends)
	same := func(i, j int) bool { return bytes.Equal(l.base.run(i, i+1), l.other.run(j, j+1)) }
	for first < min(n, m) && same(first, first) {
		first++
	}
	for last < min(n, m)-first && same(n-1-last, m-1-last) {
		last++
	}
	return first, last
}

// number gives the lines from i to before j their numbers.
func (l *liner) number(t *text, i, j int) {
	if l.numbers == nil {
		l.numbers = map[string]int32{}
	}
	t.numbers = t.numbers[:0]
	for ; i < j; i++ {
		line := t.run(i, i+1)
		n, known := l.numbers[string(line)]
		if !known {
			n = int32(len(l.numbers))
			l.numbers[string(line)] = n
		}
		t.numbers = append(t.numbers, n)
	}
}

// gap tells of the lines between two that both texts keep.
func (l *liner) gap(i, endX, j, endY int, yield func(hunk)) {
	if i == endX && j == endY {
		return
	}
	h := hunk{line: i + 1, base: l.base.run(i, endX), other: l.other.run(j, endY)}
	if i == endX {
		h.line = j + 1
	}
	yield(h)
}

// maxKeptLines is how many lines the buffers hold from one comparison to the
// next.
const maxKeptLines = 1 << 14

// release lets go of the texts.
func (l *liner) release() {
	l.base.data, l.other.data = nil, nil
	if max(len(l.base.ends), len(l.other.ends)) > maxKeptLines {
		*l = liner{}
	}
	clear(l.numbers)
}
