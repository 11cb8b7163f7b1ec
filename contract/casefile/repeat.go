package casefile

import "unicode/utf8"

const (
	// longText is from which length on repetitions are looked for: below it a text is
	// read as easily as it stands.
	longText = 200
	// longRun is how long a repetition is at least that is written as one.
	longRun = 128
	// maxPeriod is the longest unit that is found. Four bytes are any character.
	maxPeriod = 8
)

// piece is a part of a text: unit, times over.
type piece struct {
	unit  string
	times int
}

// pieces splits a text in UTF-8 where it repeats itself.
func pieces(s string) []piece {
	if len(s) < longText {
		return []piece{{s, 1}}
	}
	var out []piece
	from := 0
	for i := 0; i < len(s); {
		period, end := run(s, i)
		if period == 0 {
			i = end
			continue
		}
		if i > from {
			out = append(out, piece{s[from:i], 1})
		}
		times := (end - i) / period
		out = append(out, piece{s[i : i+period], times})
		i += times * period
		from = i
	}
	if from < len(s) {
		out = append(out, piece{s[from:], 1})
	}
	return out
}

// run returns the period and the end of the repetition that begins at an offset.
// Where none does, the period is 0 and the end is where to look next.
func run(s string, at int) (period, end int) {
	if !utf8.RuneStart(s[at]) {
		return 0, at + 1
	}
	for p := 1; p <= maxPeriod && at+longRun <= len(s); p++ {
		// Probing the far end first refuses most texts with one comparison.
		if s[at] != s[at+p] || s[at+longRun-p-1] != s[at+longRun-1] {
			continue
		}
		end := at + p
		for end < len(s) && s[end] == s[end-p] {
			end++
		}
		if end-at >= longRun && utf8.ValidString(s[at:at+p]) {
			return p, end
		}
	}
	return 0, at + 1
}
