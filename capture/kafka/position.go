package kafka

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Position is a place in every partition of a topic. The zero value stands for
// the default of where it is used: earliest for a beginning, latest for an end.
type Position struct {
	kind   positionKind
	time   time.Time
	ago    time.Duration
	offset int64
}

type positionKind uint8

const (
	unset positionKind = iota
	earliest
	latest
	byTime
	byAge
	byOffset
)

// Earliest is the oldest record that retention has left.
func Earliest() Position { return Position{kind: earliest} }

// Latest is behind the newest record.
func Latest() Position { return Position{kind: latest} }

// At is the first record whose timestamp is t or later, to the millisecond.
func At(t time.Time) Position { return Position{kind: byTime, time: t.UTC()} }

// Ago is [At] d before the source is opened.
func Ago(d time.Duration) Position { return Position{kind: byAge, ago: d} }

// Offset is the offset n in each partition, or the end of one that is shorter.
func Offset(n int64) Position { return Position{kind: byOffset, offset: n} }

// IsZero reports whether no position was given.
func (p Position) IsZero() bool { return p.kind == unset }

// String returns the form that [ParsePosition] reads, "" for the zero value.
func (p Position) String() string {
	switch p.kind {
	case earliest:
		return "earliest"
	case latest:
		return "latest"
	case byTime:
		return p.time.Format(time.RFC3339Nano)
	case byAge:
		return "-" + p.ago.String()
	case byOffset:
		return strconv.FormatInt(p.offset, 10)
	}
	return ""
}

var errPosition = errors.New(
	"want earliest, latest, an RFC 3339 time, a time ago such as -15m, or an offset")

// ParsePosition reads earliest, latest or now, a time of RFC 3339, a time ago
// such as -15m, or an offset.
func ParsePosition(s string) (Position, error) {
	switch s {
	case "earliest":
		return Earliest(), nil
	case "latest", "now":
		return Latest(), nil
	}
	if ago, ok := strings.CutPrefix(s, "-"); ok {
		d, err := time.ParseDuration(ago)
		if err != nil || d < 0 {
			return Position{}, errPosition
		}
		return Ago(d), nil
	}
	if n, err := strconv.ParseUint(s, 10, 63); err == nil {
		return Offset(int64(n)), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() > 9999 || t.UTC().Year() < 0 || t.UTC().Year() > 9999 {
		return Position{}, errPosition
	}
	return At(t), nil
}
