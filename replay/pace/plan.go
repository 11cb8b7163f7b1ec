package pace

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Part is one stretch of a [Plan].
type Part struct {
	// From and To are the rates at its beginning and at its end, in exchanges a
	// second. Where they are equal the rate is steady; a steady 0 is a pause.
	From, To float64
	// For is how long it lasts. The last part may have 0: it is steady and goes
	// on.
	For time.Duration
	// Steps is in how many steps of equal length the rate goes from From, the
	// first step, to To, the last one; 0 for a straight line.
	Steps int
}

// Plan sends at rates that change with time, whatever the answers do: an open
// loop. After its last part the rate at that part's end goes on.
//
// The n-th exchange, from 0, is due when the integral of the rate reaches n: a
// closed form, so that neither rounding nor lateness adds up. Where a pause
// stands at that time, it is due after the pause.
type Plan struct {
	parts []Part
	legs  []leg
}

// leg is a stretch on which the rate is a straight line. It plans the exchanges
// from before on, up to the before of the next leg.
type leg struct {
	start, length time.Duration
	before        float64 // the integral of the rate up to start
	from, slope   float64 // a second, and a second squared
}

const (
	// maxRate is one exchange a nanosecond, the finest step of the clock.
	maxRate = 1e9
	// minRate is one exchange in 30 years, longer than any run.
	minRate = 1e-9
	// longest bounds a plan. Within a year float64 counts seconds to 4 ns and
	// exchanges one by one at up to a hundred million a second.
	longest = 365 * 24 * time.Hour
	// maxLegs bounds the memory of a plan to half a megabyte.
	maxLegs = 10_000
)

// NewPlan returns the plan of the parts one after the other. The error says
// which part cannot be planned, and why.
func NewPlan(parts ...Part) (*Plan, error) {
	if len(parts) == 0 {
		return nil, errors.New("a plan needs a part")
	}
	p := &Plan{parts: slices.Clone(parts)}
	var end time.Duration
	for i, part := range parts {
		if err := part.check(i == len(parts)-1); err != nil {
			return nil, fmt.Errorf("part %d, %s: %w", i+1, part, err)
		}
		if part.For > longest-end {
			return nil, fmt.Errorf("part %d, %s, ends after more than %s", i+1, part, span(longest))
		}
		if len(p.legs)+max(part.Steps, 1) > maxLegs {
			return nil, fmt.Errorf("more than %d parts and steps", maxLegs)
		}
		p.addPart(end, part)
		end += part.For
	}
	last := parts[len(parts)-1]
	if last.For > 0 {
		p.addLeg(leg{start: end, length: farthest, from: last.To})
	}
	return p, nil
}

func (p Part) check(last bool) error {
	for _, r := range []float64{p.From, p.To} {
		if r != 0 && !(r >= minRate && r <= maxRate) {
			return fmt.Errorf("a rate is not between %g and %g a second", minRate, maxRate)
		}
	}
	switch {
	case p.For < 0 || p.For == 0 && !last:
		return errors.New("it does not say for how long: only the last part goes on")
	case p.For == 0 && p.From != p.To:
		return errors.New("it does not say over how long the rate changes")
	case p.Steps < 0 || p.Steps == 1 || p.Steps > maxLegs:
		return fmt.Errorf("%d steps are not between 2 and %d", p.Steps, maxLegs)
	case p.Steps > 0 && p.For == 0:
		return errors.New("steps need a time")
	case last && p.To == 0:
		return errors.New("it ends at 0/s, at which the rest of the recording would never be sent")
	}
	return nil
}

func (p *Plan) addPart(start time.Duration, part Part) {
	if part.Steps == 0 {
		l := leg{start: start, length: part.For, from: part.From}
		if part.For == 0 {
			l.length = farthest
		} else {
			l.slope = (part.To - part.From) / part.For.Seconds()
		}
		p.addLeg(l)
		return
	}
	n := time.Duration(part.Steps)
	at := func(i time.Duration) time.Duration { return part.For/n*i + part.For%n*i/n }
	for i := range n {
		share := float64(i) / float64(n-1)
		p.addLeg(leg{start: start + at(i), length: at(i+1) - at(i), from: part.From + (part.To-part.From)*share})
	}
}

func (p *Plan) addLeg(l leg) {
	if n := len(p.legs); n > 0 {
		l.before = p.legs[n-1].before + p.legs[n-1].count()
	}
	p.legs = append(p.legs, l)
}

// count is the integral of the rate over the leg.
func (l *leg) count() float64 {
	s := l.length.Seconds()
	return s * (l.from + l.slope*s/2)
}

// due is when n exchanges were planned since the leg's start: the root of
// n = from t + slope t²/2, in the form that cancels no digits.
func (l *leg) due(n float64) time.Duration {
	if n <= 0 {
		return l.start
	}
	root := math.Sqrt(max(l.from*l.from+2*l.slope*n, 0))
	return l.start + min(seconds(2*n/(l.from+root)), l.length)
}

// Pace implements [replay.Pacer].
func (p *Plan) Pace(elapsed time.Duration, sent uint64, _ time.Duration) time.Duration {
	n := float64(sent)
	next := sort.Search(len(p.legs), func(i int) bool { return p.legs[i].before > n })
	l := &p.legs[next-1]
	return min(l.due(n-l.before), farthest) - elapsed
}

// Parts returns the parts of the plan.
func (p *Plan) Parts() []Part { return slices.Clone(p.parts) }

// String returns the form that [Parse] reads.
func (p *Plan) String() string {
	texts := make([]string, len(p.parts))
	for i, part := range p.parts {
		texts[i] = part.String()
	}
	return strings.Join(texts, ", ")
}

// String returns the part's form within that of a plan.
func (p Part) String() string {
	change := rateText(p.From) + ".." + rateText(p.To)
	switch {
	case p.Steps > 0:
		return change + " in " + strconv.Itoa(p.Steps) + " steps over " + span(p.For)
	case p.From != p.To:
		return change + " over " + span(p.For)
	case p.For == 0:
		return rateText(p.From)
	}
	return rateText(p.From) + " for " + span(p.For)
}

// span is d without the zeros at the end: 5m for 5m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
