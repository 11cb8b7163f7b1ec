package correlate

// class says how likely it is that two values are equal by chance.
type class uint8

const (
	// weak: a small number, a word, a date, a price.
	weak class = iota
	// medium: a number of 7 to 11 digits, with or without a word before it. Of a
	// million numbers with 7 digits every tenth is met by chance.
	medium
	// opaque: made to be unique, or a number of 12 digits and more.
	opaque
)

func (c class) String() string { return [...]string{"weak", "medium", "opaque"}[c] }

// letterKind groups the bytes of a value.
type letterKind uint8

const (
	otherByte letterKind = iota
	digitByte
	lowerByte
	upperByte
)

// kinds is what each byte is.
var kinds = func() (k [256]letterKind) {
	for c := '0'; c <= '9'; c++ {
		k[c] = digitByte
	}
	for c := 'a'; c <= 'z'; c++ {
		k[c], k[c-'a'+'A'] = lowerByte, upperByte
	}
	return k
}()

func kindOf(c byte) letterKind { return kinds[c] }

// looks is what one pass over a value counts.
type looks struct {
	count   [4]int // of bytes by their kind
	longest int    // run of digits
	turns   int    // between digits and letters, or lower and upper case
}

// maxLooks is how much of a value is looked at: what follows changes no class.
const maxLooks = 48

// classOf goes by looks: UUIDs, hexadecimal and base64 turn often between digits
// and letters, names of things do not.
func classOf(b []byte) class {
	if len(b) < 7 || isDate(b) {
		return weak
	}
	var l looks
	last, run := otherByte, 0
	for _, c := range b[:min(len(b), maxLooks)] {
		k := kinds[c]
		l.count[k]++
		switch {
		case k == digitByte:
			if run++; run > l.longest {
				l.longest = run
			}
		case k == otherByte:
			if run = 0; c <= ' ' {
				return weak // a sentence
			}
			continue
		default:
			run = 0
		}
		if k != last && last != otherByte {
			l.turns++
		}
		last = k
	}
	return l.class(len(b))
}

func (l *looks) class(size int) class {
	switch {
	case l.longest >= 12:
		return opaque
	case l.count[lowerByte]+l.count[upperByte] == 0:
		if l.longest >= 7 {
			return medium
		}
		return weak
	case l.count[digitByte] == 0:
		if size >= 16 && l.turns >= 4 && l.count[otherByte] == 0 {
			return opaque
		}
		return weak
	case size >= 8 && l.turns >= 3:
		return opaque
	case l.longest >= 7:
		return medium
	}
	return weak
}

// isDate reports whether b begins like 2026-11-21.
func isDate(b []byte) bool {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return false
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if kindOf(b[i]) != digitByte {
			return false
		}
	}
	return true
}
