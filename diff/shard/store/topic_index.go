package store

import (
	"fmt"
	"strconv"
	"strings"
)

// key is that of a record: which part of which attempt to write an object.
type key struct {
	name, attempt string
	part, of      int
}

func (k key) bytes() []byte {
	return fmt.Appendf(nil, "%s\n%s\n%d/%d", k.name, k.attempt, k.part, k.of)
}

// maxParts is what an object of [MaxObject] has.
const maxParts = MaxObject/maxPart + 1

// parseKey reads what bytes writes; not ok for the records of others.
func parseKey(b []byte) (k key, ok bool) {
	name, rest, ok1 := strings.Cut(string(b), "\n")
	attempt, place, ok2 := strings.Cut(rest, "\n")
	part, of, ok3 := strings.Cut(place, "/")
	i, err1 := strconv.Atoi(part)
	n, err2 := strconv.Atoi(of)
	if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || CheckName(name) != nil ||
		attempt == "" || len(attempt) > 64 || i < 0 || i >= n || n > maxParts {
		return key{}, false
	}
	return key{name, attempt, i, n}, true
}

// object is where the records of one attempt lie, by part; -1 for one not seen.
type object struct {
	attempt string
	offsets []int64
}

// index knows the objects of the topic as far as it was read.
type index struct {
	next    int64
	objects map[string]object
	// open are the attempts that are not whole, those of killed writers among
	// them, by name and attempt.
	open map[[2]string]object
}

func newIndex() index {
	return index{objects: make(map[string]object), open: make(map[[2]string]object)}
}

// note takes one record. The attempt that is whole first wins.
func (x *index) note(k key, offset int64) {
	if _, exists := x.objects[k.name]; exists {
		return
	}
	id := [2]string{k.name, k.attempt}
	o, begun := x.open[id]
	if !begun {
		o = object{k.attempt, make([]int64, k.of)}
		for i := range o.offsets {
			o.offsets[i] = -1
		}
		x.open[id] = o
	}
	if len(o.offsets) != k.of || o.offsets[k.part] >= 0 {
		return // a part that was written again because its answer was lost
	}
	o.offsets[k.part] = offset
	for _, at := range o.offsets {
		if at < 0 {
			return
		}
	}
	delete(x.open, id)
	x.objects[k.name] = o
}
