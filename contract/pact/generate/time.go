package generate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/contract/pact"
)

// time writes the given time by the generator's format, moved by its expression.
func (m *maker) time(g *pact.Generator, old any, format string) any {
	if f := text(g.Options, "format"); f != "" {
		format = f
	}
	at, err := move(m.now, text(g.Options, "expression"))
	if err != nil {
		m.fault(g, "its expression: %w", err)
		return old
	}
	s, err := Format(at, format)
	if err != nil {
		m.fault(g, "its format: %w", err)
		return old
	}
	return s
}

// maxFormat bounds a format in bytes: longer ones are no dates.
const maxFormat = 1 << 10

// Format writes a time by a pattern of Java's DateTimeFormatter, names in English. The
// error tells of a letter that is not supported.
func Format(t time.Time, format string) (string, error) {
	if len(format) > maxFormat {
		return "", fmt.Errorf("it has more than %d bytes", maxFormat)
	}
	var b strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		switch {
		case c == '\'':
			literal, n := quoted(format[i:])
			b.WriteString(literal)
			i += n
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := 1
			for i+n < len(format) && format[i+n] == c {
				n++
			}
			s, err := letter(t, c, n)
			if err != nil {
				return "", err
			}
			b.WriteString(s)
			i += n
		case c == '[' || c == ']': // an optional part is written
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), nil
}

// quoted reads 'text', in which ” is a quote, and returns how long it was; one that
// does not end goes to the end.
func quoted(s string) (string, int) {
	if strings.HasPrefix(s, "''") {
		return "'", 2
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1
	}
	return b.String(), len(s)
}

// letter writes n times the same letter.
func letter(t time.Time, c byte, n int) (string, error) {
	switch c {
	case 'y', 'u', 'Y':
		if n == 2 {
			return fmt.Sprintf("%02d", t.Year()%100), nil
		}
		return padded(t.Year(), n), nil
	case 'M', 'L':
		return name(t.Month().String(), int(t.Month()), n), nil
	case 'E':
		if n <= 3 {
			return t.Weekday().String()[:3], nil
		}
		return name(t.Weekday().String(), 0, n), nil
	case 'e':
		return name(t.Weekday().String(), int(t.Weekday())+1, n), nil
	case 'a':
		return t.Format("PM"), nil
	case 'G':
		return "AD", nil
	case 'S':
		digits := fmt.Sprintf("%09d", t.Nanosecond()) + strings.Repeat("0", max(0, n-9))
		return digits[:n], nil
	case 'V', 'z':
		zone, _ := t.Zone()
		return zone, nil
	case 'X', 'x', 'Z', 'O':
		return offset(t, c, n), nil
	}
	if v, ok := field(t, c); ok {
		return padded(v, n), nil
	}
	return "", fmt.Errorf("the letter %c is not supported", c)
}

// field is what a letter for a plain number stands for.
func field(t time.Time, c byte) (int, bool) {
	_, week := t.ISOWeek()
	v, ok := map[byte]int{
		'd': t.Day(), 'D': t.YearDay(), 'H': t.Hour(), 'k': (t.Hour()+23)%24 + 1, 'K': t.Hour() % 12, 'h': (t.Hour()+11)%12 + 1,
		'm': t.Minute(), 's': t.Second(), 'n': t.Nanosecond(), 'w': week, 'Q': (int(t.Month()) + 2) / 3, 'q': (int(t.Month()) + 2) / 3,
		'A': ((t.Hour()*60+t.Minute())*60+t.Second())*1000 + t.Nanosecond()/1e6,
	}[c]
	return v, ok
}

func padded(v, n int) string {
	return fmt.Sprintf("%0*d", min(n, 19), v)
}

// name writes a month or a day of the week: as a number, short, whole or narrow.
func name(full string, number, n int) string {
	switch n {
	case 1, 2:
		return padded(number, n)
	case 3:
		return full[:3]
	case 5:
		return full[:1]
	}
	return full
}

func offset(t time.Time, c byte, n int) string {
	_, seconds := t.Zone()
	if seconds == 0 && (c == 'X' || c == 'Z' && n == 5) {
		return "Z"
	}
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	hours, minutes := seconds/3600, seconds/60%60
	switch {
	case c == 'O' || c == 'Z' && n == 4:
		if seconds == 0 {
			return "GMT"
		}
		return fmt.Sprintf("GMT%s%02d:%02d", sign, hours, minutes)
	case c != 'Z' && n == 1 && minutes == 0:
		return fmt.Sprintf("%s%02d", sign, hours)
	case c == 'Z' && n < 4, c != 'Z' && n%2 == 0, c != 'Z' && n == 1:
		return fmt.Sprintf("%s%02d%02d", sign, hours, minutes)
	}
	return fmt.Sprintf("%s%02d:%02d", sign, hours, minutes)
}

// units are those of an expression such as "+1 day - 2 hours".
var units = map[string]func(time.Time, int) time.Time{
	"year":        func(t time.Time, n int) time.Time { return t.AddDate(n, 0, 0) },
	"month":       func(t time.Time, n int) time.Time { return t.AddDate(0, n, 0) },
	"week":        func(t time.Time, n int) time.Time { return t.AddDate(0, 0, 7*n) },
	"day":         func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) },
	"hour":        func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Hour) },
	"minute":      func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Minute) },
	"second":      func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Second) },
	"millisecond": func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Millisecond) },
}

// maxMove bounds what an expression moves by: a thousand years of hours would still
// be no year of more than four digits.
const maxMove = 1_000_000

// move moves a time by an expression of Pact 3: a base (now, today, yesterday,
// tomorrow, midnight, noon), then sums of amounts and units.
func move(t time.Time, expression string) (time.Time, error) {
	words := strings.Fields(strings.NewReplacer("+", " + ", "-", " - ", "@", " @ ").Replace(strings.ToLower(expression)))
	sign := 1
	for i := 0; i < len(words); i++ {
		switch word := words[i]; word {
		case "now", "today", "@":
		case "yesterday":
			t = t.AddDate(0, 0, -1)
		case "tomorrow":
			t = t.AddDate(0, 0, 1)
		case "midnight":
			t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
		case "noon":
			t = time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, t.Location())
		case "+":
			sign = 1
		case "-":
			sign = -1
		default:
			n, err := strconv.Atoi(word)
			if err != nil || n > maxMove || i+1 == len(words) || units[strings.TrimSuffix(words[i+1], "s")] == nil {
				return t, fmt.Errorf("it is not understood from its word %d on", i+1)
			}
			i++
			t = units[strings.TrimSuffix(words[i], "s")](t, sign*n)
		}
	}
	return t, nil
}
