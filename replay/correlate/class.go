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

func kindOf(c byte) letterKind {
	switch {
	case '0' <= c && c <= '9':
		return digitByte
	case 'a' <= c && c <= 'z':
		return lowerByte
	case 'A' <= c && c <= 'Z':
		return upperByte
	}
	return otherByte
}

// looks is what one pass over a value counts.
type looks struct {
	digits, letters, others int
	run, longest            int // of digits
	turns                   int // between digits and letters, or lower and upper case
}

// classOf goes by looks: UUIDs, hexadecimal and base64 turn often between digits
// and letters, names of things do not.
func classOf(b []byte) class {
	if len(b) < 7 || isDate(b) {
		return weak
	}
	var l looks
	last := otherByte
	for _, c := range b[:min(len(b), 64)] { // what follows changes no class
		if c <= ' ' {
			return weak // a sentence
		}
		k := kindOf(c)
		l.count(k, last)
		if k != otherByte {
			last = k
		}
	}
	return l.class(len(b))
}

func (l *looks) count(k, last letterKind) {
	switch k {
	case digitByte:
		l.digits++
		l.run++
		l.longest = max(l.longest, l.run)
	case lowerByte, upperByte:
		l.letters++
		l.run = 0
	default:
		l.others++
		l.run = 0
	}
	if k != otherByte && last != otherByte && k != last {
		l.turns++
	}
}

func (l *looks) class(size int) class {
	switch {
	case l.longest >= 12:
		return opaque
	case l.letters == 0:
		if l.longest >= 7 {
			return medium
		}
		return weak
	case l.digits == 0:
		if size >= 16 && l.turns >= 4 && l.others == 0 {
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
