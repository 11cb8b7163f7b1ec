package redact

// traces are what of secrets is seen in one pass over a text: of each byte its
// class, and how many digits there are. The detectors look only where there are
// traces of all that they need.
type traces uint32

const (
	traceAt traces = 1 << iota
	tracePercent
	traceJ
	traceParameter // begins one
	traceColon
	traceDigit
	traceKey // is in the prefix of a key, or begins armour
	traceEquals
	traceDot
	traceClasses = iota

	// oneDigit and oneByte count in the bits above.
	maxTraced  = 1<<10 - 1
	digitShift = traceClasses
	byteShift  = digitShift + 10
)

// traceOf is the class of each byte.
var traceOf = func() (t [256]traces) {
	for class, all := range map[traces]string{
		traceAt: "@", tracePercent: "%", traceJ: "J", traceParameter: "?&#;", traceColon: ":",
		traceDigit: "0123456789", traceKey: "_-.KSz", traceEquals: "=", traceDot: ".",
	} {
		for i := range len(all) {
			t[all[i]] |= class
		}
	}
	return t
}()

func tracesOf(v []byte) traces {
	var t traces
	digits := 0
	for _, c := range v {
		class := traceOf[c]
		t |= class
		digits += int(class / traceDigit & 1)
	}
	return t.sized(len(v), digits)
}

// sized adds the counts of bytes and digits, as far as they matter.
func (t traces) sized(n, digits int) traces {
	return t | traces(min(digits, maxTraced))<<digitShift | traces(min(n, maxTraced))<<byteShift
}

// minToken is the length of the shortest token: three parts, of which the first
// is an object.
const minToken = len("eyJ..")

// worth returns the classes where a secret may be: nothing else is looked at.
func (t traces) worth() traces {
	n, digits := int(t>>byteShift), int(t>>digitShift&maxTraced)
	var w traces
	if t&traceAt != 0 {
		w |= t & (traceAt | traceColon)
	}
	w |= t & tracePercent
	if t&traceDot != 0 && n >= minToken {
		w |= t & traceJ
	}
	if t&traceEquals != 0 {
		w |= t & traceParameter
	}
	if digits >= minCard {
		w |= traceDigit
	}
	if n >= minKey+minPrefix {
		w |= t & traceKey
	}
	return w
}

// isKeyTrace reports whether the byte at i is a trace of a key by those beside
// it: it ends the first word of a prefix, or begins armour.
func isKeyTrace(v []byte, i int) bool {
	if v[i] == '-' && i+1 < len(v) && v[i+1] == '-' {
		return true
	}
	if i == 0 {
		return false
	}
	before := v[i-1]
	switch v[i] {
	case '_', '-':
		return 'a' <= before && before <= 'z'
	case '.':
		return before == 'G' || before == '9'
	case 'K', 'S':
		return before == 'A'
	}
	return before == 'I' // of "AIza"
}
