package pace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/replay"
)

// forms lists what Parse reads, for its errors.
const forms = "max, " +
	"a rate such as 50/s, 30/m or 10/h, " +
	"the recorded times at a factor such as x1 or x0.5, " +
	"a ramp such as 100/s..2000/s over 5m, " +
	"steps such as 100/s..2000/s in 10 steps over 5m, " +
	"parts such as 100/s for 1m, 200/s for 5m, " +
	"a search such as adaptive 50/s..5000/s by 1.5 every 10s, " +
	"or one of these with a ceiling such as max at most 500/s"

// maxFactor bounds the factor of recorded times in both directions: a
// nanosecond becomes a second.
const maxFactor = 1e9

// Parse reads a pace:
//
//	max                                      as fast as the answers come in
//	50/s, 30/m, 10/h                         a fixed rate, a second, a minute or an hour
//	x1, x0.5                                 the recorded times, at a factor
//	100/s..2000/s over 5m                    a ramp, in a straight line
//	100/s..2000/s in 10 steps over 5m        ten steps of 30 s, the first at 100/s, the last at 2000/s
//	100/s for 1m, 0/s for 10s, 200/s         parts one after the other, a pause among them
//	adaptive 50/s..5000/s                    the highest rate that is sustained; see [Adaptive]
//	adaptive 50/s..5000/s by 1.5 every 10s   the same, with its step
//	max at most 500/s                        any of them but adaptive, with a ceiling
//
// After the last of several parts, ramps and steps among them, the rate at its
// end goes on until the recording ends. Times are Go's durations. What String of
// a pace returns is read as an equal pace. The error says what is wrong and
// lists the forms.
func Parse(s string) (replay.Pacer, error) {
	p, err := parse(s)
	if err != nil {
		return nil, fmt.Errorf("pace %s: %w: want %s", quoted(s), err, forms)
	}
	return p, nil
}

// quoted is s as an error shows it: 100 characters tell which one it is.
func quoted(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return strconv.Quote(s)
}

func parse(s string) (replay.Pacer, error) {
	if s == "" {
		return nil, errors.New("it is empty")
	}
	text, most, limited := strings.Cut(s, " at most ")
	p, err := parseFree(text)
	if err != nil || !limited {
		return p, err
	}
	if _, adaptive := p.(*Adaptive); adaptive {
		return nil, errors.New("adaptive has its ceiling in its upper rate")
	}
	r, err := rate(strings.TrimSpace(most))
	if err != nil {
		return nil, err
	}
	return &Ceiling{Next: p, PerSecond: r}, nil
}

// parseFree reads a pace without a ceiling.
func parseFree(s string) (replay.Pacer, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return nil, errors.New("it is empty")
	}
	switch first := words[0]; {
	case first == "adaptive":
		return parseAdaptive(words[1:])
	case s == "max":
		return Max{}, nil
	case strings.HasPrefix(s, "x"):
		f, err := factor(s[1:], 1/maxFactor, maxFactor)
		return Recorded{Factor: f}, err
	case len(words) == 1 && !strings.ContainsAny(s, ",") && !strings.Contains(s, ".."):
		r, err := rate(s)
		return Rate{PerSecond: r}, err
	}
	return parsePlan(s)
}

func parsePlan(s string) (replay.Pacer, error) {
	var parts []Part
	for text := range strings.SplitSeq(s, ",") {
		part, err := parsePart(strings.Fields(text))
		if err != nil {
			return nil, err
		}
		if parts = append(parts, part); len(parts) > maxLegs {
			break // which NewPlan refuses
		}
	}
	return NewPlan(parts...)
}

func parsePart(words []string) (p Part, err error) {
	if len(words) == 0 {
		return p, errors.New("a part is empty")
	}
	from, to, changes := strings.Cut(words[0], "..")
	if !changes {
		to = from
	}
	if p.From, err = partRate(from); err != nil {
		return p, err
	}
	if p.To, err = partRate(to); err != nil {
		return p, err
	}
	words = words[1:]
	if changes && len(words) >= 3 && words[0] == "in" && words[2] == "steps" {
		if p.Steps, err = strconv.Atoi(words[1]); err != nil || p.Steps < 2 {
			return p, fmt.Errorf("%q is no number of steps", words[1])
		}
		words = words[3:]
	}
	word := "for"
	if changes {
		word = "over"
	}
	switch {
	case len(words) == 0:
		return p, nil // whether it may be without a time is for NewPlan to say
	case len(words) != 2 || words[0] != word:
		return p, fmt.Errorf("%q is not %s and a time", strings.Join(words, " "), word)
	}
	p.For, err = length(words[1])
	return p, err
}

func parseAdaptive(words []string) (replay.Pacer, error) {
	if len(words) == 0 {
		return nil, errors.New("adaptive needs its lowest and its highest rate")
	}
	low, high, ok := strings.Cut(words[0], "..")
	if !ok {
		return nil, fmt.Errorf("%q is no range of rates", words[0])
	}
	a := &Adaptive{By: defaultBy, Every: defaultEvery}
	var err error
	if a.From, err = rate(low); err != nil {
		return nil, err
	}
	if a.To, err = rate(high); err != nil {
		return nil, err
	}
	words = words[1:]
	if len(words) >= 2 && words[0] == "by" {
		if a.By, err = factor(words[1], minBy, maxBy); err != nil {
			return nil, err
		}
		words = words[2:]
	}
	if len(words) >= 2 && words[0] == "every" {
		if a.Every, err = length(words[1]); err != nil {
			return nil, err
		}
		words = words[2:]
	}
	if len(words) > 0 {
		return nil, fmt.Errorf("%q is neither by and a factor nor every and a time", strings.Join(words, " "))
	}
	return a, a.check()
}

// perSecond holds the units of a rate in seconds.
var perSecond = map[string]float64{"s": 1, "m": 60, "h": 3600}

func rate(s string) (float64, error) {
	count, unit, ok := strings.Cut(s, "/")
	in, known := perSecond[unit]
	if !ok || !known {
		return 0, fmt.Errorf("%s is no rate a second (/s), a minute (/m) or an hour (/h)", quoted(s))
	}
	f, err := number(count)
	if err != nil {
		return 0, err
	}
	return f / in, within(s, f/in, minRate, maxRate)
}

// partRate reads a rate that may be 0.
func partRate(s string) (float64, error) {
	if count, unit, _ := strings.Cut(s, "/"); count == "0" && perSecond[unit] > 0 {
		return 0, nil
	}
	return rate(s)
}

func length(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%s is no time such as 90s or 1h30m", quoted(s))
	}
	if d <= 0 || d > longest {
		return 0, fmt.Errorf("%s is not above 0 and up to %s", s, span(longest))
	}
	return d, nil
}

func factor(s string, least, most float64) (float64, error) {
	f, err := number(s)
	if err != nil {
		return 0, err
	}
	return f, within(s, f, least, most)
}

func within(s string, f, least, most float64) error {
	if f < least || f > most {
		return fmt.Errorf("%s is not between %g and %g", quoted(s), least, most)
	}
	return nil
}

// number reads a plain decimal number.
func number(s string) (float64, error) {
	if s != "" && strings.Trim(s, "0123456789.") == "" {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%s is no decimal number", quoted(s))
}
