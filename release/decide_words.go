package release

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// words are what people call a kind: the evidence, what it counts, and what makes it.
var words = map[Kind]struct{ name, unit, make string }{
	Diff:     {"the comparison", "answers", "run diff-run against the image %s and push its evidence"},
	Provider: {"the provider contract", "cases", "run contract-run against the image %s and push its evidence"},
	Consumer: {"the consumer contracts", "interactions", "run contract-check for the image %s and push its evidence"},
	Canary:   {"the canary", "requests", "keep a canary of the image %s under traffic until its metrics are decided"},
}

const fixed = "fix it and release another image, or, where it is meant to be so, let it through by a rule with a reason"

// again says how evidence of a kind is made.
func (j *judge) again(k Kind) string {
	w, ok := words[k]
	if !ok {
		return "correct the policy"
	}
	return fmt.Sprintf(w.make, clip(j.asked.Subject.Digest))
}

// maxClip is how many bytes of a text from outside a reason takes: two lines of a
// terminal. What is cut stands in the evidence.
const maxClip = 240

// clip makes text from outside fit in a sentence.
func clip(s string) string {
	if len(s) <= maxClip && utf8.ValidString(s) {
		return s
	}
	cut := strings.ToValidUTF8(s[:min(len(s), maxClip)], "")
	if len(s) > maxClip {
		cut += "…"
	}
	return cut
}

func orNone(s string) string {
	if s == "" {
		return "none that is known"
	}
	return clip(s)
}

// moment writes a time, not how long ago it is: equal verdicts stay equal.
func moment(t time.Time) string {
	if t.IsZero() {
		return "no time that is known"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

func plural(n uint64, noun string) string {
	return string(appendPlural(make([]byte, 0, 32), n, noun))
}

func appendPlural(text []byte, n uint64, noun string) []byte {
	text = append(append(strconv.AppendUint(text, n, 10), ' '), noun...)
	if n == 1 {
		return text
	}
	return append(text, 's')
}
