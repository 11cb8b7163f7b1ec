package rewrite

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// format is a way to write a time.
type format uint8

const (
	rfc3339 format = iota
	epochS
	epochMS
	httpDate
	numFormats
)

var formatNames = []string{"rfc3339", "epoch-s", "epoch-ms", "http-date"}

// window is how far from the recorded time an integer may be that is taken for
// one. Of the numbers with ten digits it leaves 7 in 100: an identifier that
// falls into it is moved too, if its name is one of a time.
const window = 10 * 366 * 24 * time.Hour

const (
	// minTime is the shortest time: nine digits are a day of 1973 to 2001.
	minTime = len("100000000")
	// maxTime is the longest: a fraction of seventeen digits, which is finer than
	// any clock.
	maxTime = len("2006-01-02T15:04:05.99999999999999999+00:00")
)

// shifter moves times.
type shifter struct {
	by      time.Duration
	around  time.Time // when the request was recorded
	formats [numFormats]bool
	moved   [numFormats]uint64
}

// text moves a text that is a time as a whole, and nothing else. named says that
// its name is one of a time: else an integer is none.
func (s *shifter) text(v string, named bool) (string, bool) {
	if len(v) < minTime || len(v) > maxTime {
		return v, false
	}
	if s.formats[rfc3339] && v[4] == '-' {
		if out, ok := moveISO(v, s.by); ok {
			s.moved[rfc3339]++
			return out, true
		}
	}
	if s.formats[httpDate] && v[3] == ',' {
		if out, ok := moveHTTP(v, s.by); ok {
			s.moved[httpDate]++
			return out, true
		}
	}
	if named {
		return s.epoch(v)
	}
	return v, false
}

// epoch moves an integer that counts seconds or milliseconds since 1970.
func (s *shifter) epoch(v string) (string, bool) {
	for i := range len(v) {
		if !isDigit(v[i]) {
			return v, false
		}
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || v[0] == '0' {
		return v, false
	}
	near := func(t time.Time) bool { return t.Sub(s.around).Abs() <= window }
	var by int64
	var f format
	switch {
	case s.formats[epochS] && near(time.Unix(n, 0)):
		f, by = epochS, int64(s.by/time.Second)
	case s.formats[epochMS] && near(time.UnixMilli(n)):
		f, by = epochMS, int64(s.by/time.Millisecond)
	}
	if by == 0 || n+by <= 0 {
		return v, false
	}
	s.moved[f]++
	return strconv.FormatInt(n+by, 10), true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// moveISO moves a date (whole days) or a date and time of RFC 3339 section 5.6,
// of which the offset may be missing. Separators, offset and precision stay; it
// moves by whole units of the last digit.
func moveISO(v string, by time.Duration) (string, bool) {
	t, digits, ok := parseISO(v)
	if !ok {
		return v, false
	}
	unit := time.Second
	for range min(digits, 9) {
		unit /= 10
	}
	if len(v) == len(time.DateOnly) {
		unit = 24 * time.Hour
	}
	moved := t.Add(by.Truncate(unit))
	if moved.Equal(t) || moved.Year() < 0 || moved.Year() > 9999 {
		return v, false
	}
	out := []byte(v)
	var buf [len("2006-01-02T15:04:05.000000000")]byte
	text := moved.AppendFormat(buf[:0], "2006-01-02T15:04:05.000000000")
	copy(out, text[:len(time.DateOnly)])
	if len(v) > len(time.DateOnly) {
		copy(out[11:], text[11:19])
	}
	if digits > 0 {
		copy(out[20:20+min(digits, 9)], text[20:])
	}
	return string(out), true
}

// parseISO reads the local time, and how many digits its fraction has.
func parseISO(v string) (t time.Time, digits int, ok bool) {
	year, ok1 := number(v, 0, 4, '-')
	month, ok2 := number(v, 5, 7, '-')
	day, ok3 := number(v, 8, 10, 0)
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 {
		return t, 0, false
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if day < 1 || date.Day() != day {
		return t, 0, false
	}
	if len(v) == len(time.DateOnly) {
		return date, 0, true
	}
	hour, ok1 := number(v, 11, 13, ':')
	minute, ok2 := number(v, 14, 16, ':')
	second, ok3 := number(v, 17, 19, 0)
	if !ok1 || !ok2 || !ok3 || strings.IndexByte("Tt ", v[10]) < 0 || hour > 23 || minute > 59 || second > 60 {
		return t, 0, false
	}
	fraction, digits := fractionOf(v[19:])
	if rest := v[19:]; digits > 0 {
		v = rest[1+digits:]
	} else {
		v = rest
	}
	clock := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	return date.Add(clock + fraction), digits, isOffset(v)
}

// number reads v[from:to], which the byte end must follow unless it is 0.
func number(v string, from, to int, end byte) (int, bool) {
	if len(v) < to || end != 0 && (len(v) == to || v[to] != end) {
		return 0, false
	}
	n := 0
	for _, c := range []byte(v[from:to]) {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// fractionOf reads a point and the digits after it.
func fractionOf(v string) (time.Duration, int) {
	if len(v) < 2 || v[0] != '.' && v[0] != ',' {
		return 0, 0
	}
	var fraction time.Duration
	unit, digits := time.Second, 0
	for _, c := range []byte(v[1:]) {
		if !isDigit(c) {
			break
		}
		unit /= 10
		fraction += time.Duration(c-'0') * unit
		digits++
	}
	return fraction, digits
}

func isOffset(v string) bool {
	switch {
	case v == "", v == "Z", v == "z":
		return true
	case len(v) != len("+00:00") || v[0] != '+' && v[0] != '-':
		return false
	}
	_, ok1 := number(v, 1, 3, ':')
	_, ok2 := number(v, 4, 6, 0)
	return ok1 && ok2
}

// moveHTTP moves an IMF-fixdate (RFC 9110 section 5.6.7).
func moveHTTP(v string, by time.Duration) (string, bool) {
	t, err := time.Parse(http.TimeFormat, v)
	if err != nil || t.Format(http.TimeFormat) != v {
		return v, false
	}
	moved := t.Add(by.Truncate(time.Second))
	if moved.Equal(t) || moved.Year() < 0 || moved.Year() > 9999 {
		return v, false
	}
	return moved.Format(http.TimeFormat), true
}

// addSeconds adds to a NumericDate (RFC 7519 section 2); a fraction stays.
func addSeconds(value []byte, by int64) ([]byte, bool) {
	whole, fraction, _ := strings.Cut(string(value), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || n > 1<<40 || strings.ContainsAny(fraction, "eE") || n+by < 0 {
		return value, false
	}
	return append(strconv.AppendInt(nil, n+by, 10), value[len(whole):]...), true
}

// encoded moves the time in a percent-encoded value. Length and place of all
// but digits and names stay in a text, so the encoding of the rest stays too.
func (s *shifter) encoded(raw string, named bool) (string, bool) {
	if len(raw) < minTime || len(raw) > 3*maxTime {
		return raw, false
	}
	if out, ok := s.text(raw, named); ok {
		return out, true
	}
	for _, plus := range []byte("+ ") {
		plain, places, ok := decodePlaces(raw, plus)
		if !ok {
			return raw, false
		}
		if out, moved := s.text(plain, named); moved && len(out) == len(plain) {
			return replaceAt(raw, plain, out, places), true
		}
	}
	return raw, false
}

// decodePlaces undoes percent-encoding and tells where each byte came from.
func decodePlaces(raw string, plus byte) (string, []int, bool) {
	var plain []byte
	places := make([]int, 0, len(raw)+1)
	for i := 0; i < len(raw); i++ {
		places = append(places, i)
		switch {
		case raw[i] == '+':
			plain = append(plain, plus)
		case raw[i] != '%':
			plain = append(plain, raw[i])
		case i+2 >= len(raw):
			return "", nil, false
		default:
			c, err := strconv.ParseUint(raw[i+1:i+3], 16, 8)
			if err != nil {
				return "", nil, false
			}
			plain = append(plain, byte(c))
			i += 2
		}
	}
	return string(plain), append(places, len(raw)), true
}

func replaceAt(raw, before, after string, places []int) string {
	out := make([]byte, 0, len(raw))
	for i := range len(before) {
		if before[i] == after[i] {
			out = append(out, raw[places[i]:places[i+1]]...)
		} else {
			out = append(out, after[i]) // a digit or a letter
		}
	}
	return string(out)
}
