package usage

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"twinspect.dev/capture"
)

// kind is the type of a value in JSON.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	tree
)

// value is what one place of a message held.
type value struct {
	at   *spot
	kind kind
	// text is a scalar's; size is that of an object or an array.
	text string
	size int
	hash uint64
	dec  decimal
	// numeric says that dec counts: of numbers, and of texts that are some.
	numeric bool
	// fresh says that the consumer did not have the value before.
	fresh bool
}

// walker reads the values of messages.
type walker struct {
	book   *book
	dec    *jsontext.Decoder
	out    []value
	left   int // values that this message may still have
	walked *capture.Stats
}

// scalar adds what stands at a place.
func (w *walker) scalar(at *spot, k kind, s string) (hash uint64) {
	if k != text || len(s) <= maxText {
		hash = hashText(asText, s)
	} else {
		hash = hashText(asText, s[:maxText])
	}
	w.walked.Seen++
	switch {
	case at == nil:
		w.walked.Drop(ManyPlaces, 1)
		return hash
	case w.left <= 0:
		w.walked.Drop(TooMany, 1)
		return hash
	}
	w.walked.Written++
	w.left--
	v := value{at: at, kind: k, text: s, hash: hash}
	if k == number || k == text {
		v.dec, v.numeric = parseDecimal(s)
	}
	w.out = append(w.out, v)
	return hash
}

// json adds the values of a body. What is no JSON adds nothing.
func (w *walker) json(body []byte) error {
	at := w.book.part("body", "")
	if w.dec == nil {
		w.dec = new(jsontext.Decoder)
	}
	w.dec.Reset(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	before := len(w.out)
	_, err := w.value(at, 0)
	if err == nil {
		if _, err = w.dec.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errGoesOn
	}
	w.out = w.out[:before]
	return err
}

func (w *walker) value(at *spot, depth int) (uint64, error) {
	if depth > maxDepth || w.left <= 0 {
		w.walked.Seen++
		if depth > maxDepth {
			w.walked.Drop(TooDeep, 1)
		} else {
			w.walked.Drop(TooMany, 1)
		}
		return 0, w.dec.SkipValue()
	}
	tok, err := w.dec.ReadToken()
	if err != nil {
		return 0, err
	}
	switch tok.Kind() {
	case '{':
		return w.object(at, depth)
	case '[':
		return w.array(at, depth)
	case '"':
		return w.scalar(at, text, tok.String()), nil
	case '0':
		return w.scalar(at, number, tok.String()), nil
	case 'n':
		return w.scalar(at, null, "null"), nil
	}
	return w.scalar(at, boolean, tok.String()), nil
}

func (w *walker) object(at *spot, depth int) (uint64, error) {
	i := w.open(at)
	var sum uint64
	n := 0
	for w.dec.PeekKind() != '}' {
		tok, err := w.dec.ReadToken()
		if err != nil {
			return 0, err
		}
		name := tok.String()
		h, err := w.value(w.member(at, name), depth+1)
		if err != nil {
			return 0, err
		}
		// The order of members carries no meaning.
		sum += join2(hashText(asTree, name), h)
		n++
	}
	return w.shut(i, sum, n)
}

func (w *walker) member(at *spot, name string) *spot {
	if at == nil {
		return nil
	}
	if isKey(name) {
		name = "*"
	}
	return w.book.below(at, name)
}

func (w *walker) array(at *spot, depth int) (uint64, error) {
	i := w.open(at)
	var sum uint64
	n := 0
	var item *spot
	for w.dec.PeekKind() != ']' {
		if item == nil && at != nil {
			item = w.book.below(at, "*")
		}
		h, err := w.value(item, depth+1)
		if err != nil {
			return 0, err
		}
		sum = join2(sum, h)
		n++
	}
	return w.shut(i, sum+1, n)
}

// open makes room for an object or an array before what it holds; -1 where there
// is no place for it.
func (w *walker) open(at *spot) int {
	w.walked.Seen++
	if at == nil {
		w.walked.Drop(ManyPlaces, 1)
		return -1
	}
	w.walked.Written++
	w.left--
	at.branch = true
	w.out = append(w.out, value{at: at, kind: tree})
	return len(w.out) - 1
}

func (w *walker) shut(i int, sum uint64, n int) (uint64, error) {
	_, err := w.dec.ReadToken()
	sum = mix(sum ^ asTree)
	if i >= 0 {
		w.out[i].hash, w.out[i].size = sum, n
	}
	return sum, err
}
