package selfcheck

import (
	"bytes"

	"twinspect.dev/diff/class"
	"twinspect.dev/diff/jsondiff"
)

// maxMembers is how many members an object has at most that is no map, as
// jsondiff takes it; a test holds the two together.
const maxMembers = 50

// folds gives the steps of folded paths as jsondiff gives them.
type folds struct {
	differ *jsondiff.Differ
	steps  map[string]string // by name as it is written
}

func newFolds() *folds { return &folds{differ: new(jsondiff.Differ), steps: make(map[string]string)} }

const anyStep = "[*]"

// step returns the step for a name with its quotes. Which names look like the
// keys of a map, jsondiff itself tells.
func (f *folds) step(quoted []byte, isMap bool) string {
	if isMap {
		return anyStep
	}
	if s, known := f.steps[string(quoted)]; known {
		return s
	}
	s := f.fold(quoted)
	if len(f.steps) >= maxPlaces {
		clear(f.steps)
	}
	f.steps[string(quoted)] = s
	return s
}

func (f *folds) fold(quoted []byte) (step string) {
	x := bytes.Join([][]byte{{'{'}, quoted, []byte(":0}")}, nil)
	y := bytes.Join([][]byte{{'{'}, quoted, []byte(":1}")}, nil)
	err := f.differ.Compare(x, y, jsondiff.Options{}, func(ch jsondiff.Change) { step = ch.Path.Fold()[1:] })
	if err == nil && step != "" {
		return step
	}
	name, ok := class.Unquote(quoted)
	if !ok {
		name = quoted
	}
	return jsondiff.Path{{Name: string(name), Index: -1}}.Fold()[1:]
}

// name returns the step for a name that is not written in JSON.
func (f *folds) name(name string, isMap bool) string { return f.step(appendQuoted(nil, name), isMap) }

// appendQuoted writes a name as a JSON string. Bytes that are no UTF-8 stay.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// sizesOf appends how many members each object of a JSON text has, in the order
// in which they begin.
func sizesOf(dst []int, doc []byte) []int {
	var open []int // 1 more than the index of each object around, 0 for an array
	for i := 0; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			i = endOfString(doc, i) - 1
		case '{':
			dst = append(dst, 0)
			open = append(open, len(dst))
		case '[':
			open = append(open, 0)
		case '}', ']':
			open = open[:len(open)-1]
		case ':':
			dst[open[len(open)-1]-1]++
		}
	}
	return dst
}
