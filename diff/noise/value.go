package noise

// value is what branch gave at a cell: nothing yet, the same text each time, or
// several.
type value struct {
	state valueState
	hash  uint64
}

type valueState uint8

const (
	noValue valueState = iota
	oneValue
	severalValues
)

// add takes in a text that branch gave.
func (v *value) add(text string) {
	if v.state != severalValues {
		v.join(value{oneValue, hashOf(text)})
	}
}

// join takes in what was given elsewhere.
func (v *value) join(o value) {
	switch {
	case o.state == noValue:
	case v.state == noValue:
		*v = o
	case v.state == severalValues || o.state == severalValues || v.hash != o.hash:
		*v = value{state: severalValues}
	}
}

// hashOf is FNV-1a of 64 bits (draft-eastlake-fnv): the same in every process.
func hashOf(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}
