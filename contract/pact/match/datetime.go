package match

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/contract/pact"
)

// formats are those that hold where a rule has none, by the specification.
var formats = map[string]string{
	"date": "yyyy-MM-dd", "time": "HH:mm:ss", "timestamp": "yyyy-MM-dd'T'HH:mm:ssXXX", "datetime": "yyyy-MM-dd'T'HH:mm:ssXXX",
}

// dated says why a value is not of a format in the notation of Java's
// DateTimeFormatter.
func (c *checker) dated(r *pact.Rule, name string, got any) string {
	text, ok := got.(string)
	if !ok {
		return "a text that is a " + name + " is expected, it is " + article(typeOf(got))
	}
	format := formats[name]
	for _, option := range []string{name, "format", "timestamp", "datetime"} {
		if told := r.Text(option); told != "" {
			format = told
			break
		}
	}
	m, ok := c.work.patterns["date "+format]
	if !ok {
		m = compileDate(format)
		c.work.patterns["date "+format] = m
	}
	switch {
	case m == nil:
		return "the format of the rule cannot be read"
	case !m(text):
		return "a " + name + " of the rule's format is expected"
	}
	return ""
}

// letters are the expressions for the letters of a format. A plus stands for as many
// digits as there are letters.
var letters = map[byte]string{
	'D': `0*[1-9]\d{0,2}`, 'H': `[01]?\d|2[0-3]`, 'k': `0?[1-9]|1\d|2[0-4]`, 'K': `0?\d|1[01]`, 'h': `0?[1-9]|1[0-2]`,
	'm': `[0-5]?\d`, 's': `[0-5]?\d|60`, 'a': `(?i:AM|PM)`, 'G': `AD|BC|Anno Domini|Before Christ|CE|BCE`,
	'w': `0?[1-9]|[1-4]\d|5[0-3]`, 'W': `[0-6]`, 'F': `[1-5]`, 'e': `[1-7]`, 'c': `[1-7]`, 'u': `\d+`, 'n': `\d+`, 'N': `\d+`, 'A': `\d+`,
	'Z': `[+-]\d{4}`, 'X': `Z|[+-]\d{2}(?:\d{2})?`, 'x': `[+-]\d{2}(?:\d{2})?`, 'O': `(?:GMT|UTC)(?:[+-]\d{1,2}(?::\d{2})?)?`,
	'z': `[A-Za-z]{1,5}(?:[+-]\d{1,2}(?::?\d{2})?)?|[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)*`, 'V': `[A-Za-z][A-Za-z0-9~/._+-]+`,
	'q': `[1-4]`, 'Q': `[1-4]`, 'B': `[a-z ]+`,
}

const (
	months      = `(?i:January|February|March|April|May|June|July|August|September|October|November|December)`
	shortMonths = `(?i:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?`
	days        = `(?i:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)`
	shortDays   = `(?i:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\.?`
)

// maxFormat is how long a format may be: those that are written are below 50 bytes.
const maxFormat = 200

// compileDate reads a format; nil says that it is none.
func compileDate(format string) matcher {
	if len(format) > maxFormat {
		return nil
	}
	expr, ok := dateExpr(format)
	if !ok {
		return nil
	}
	re, err := regexp.Compile("^(?:" + expr + ")$")
	if err != nil {
		return nil
	}
	return func(text string) bool {
		parts := re.FindStringSubmatch(text)
		return parts != nil && dayExists(re.SubexpNames(), parts)
	}
}

// dateExpr turns a format into an expression, in which "y", "M" and "d" name the
// groups of numbers.
func dateExpr(format string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(format); {
		ch := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == ch {
			n++
		}
		switch {
		case ch == '\'':
			literal, length, ok := literalAt(format[i:])
			if !ok {
				return "", false
			}
			b.WriteString(regexp.QuoteMeta(literal))
			i += length
			continue
		case ch == '[':
			b.WriteString(strings.Repeat("(?:", n))
		case ch == ']':
			b.WriteString(strings.Repeat(")?", n))
		case ch|0x20 >= 'a' && ch|0x20 <= 'z':
			expr, ok := field(ch, n, i+n < len(format) && isLetter(format[i+n]))
			if !ok {
				return "", false
			}
			b.WriteString("(?:" + expr + ")")
		default:
			b.WriteString(regexp.QuoteMeta(format[i : i+n]))
		}
		i += n
	}
	return b.String(), true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// literalAt reads a text in apostrophes, of which two stand for one.
func literalAt(format string) (literal string, length int, ok bool) {
	if strings.HasPrefix(format, "''") {
		return "'", 2, true
	}
	end := strings.IndexByte(format[1:], '\'')
	if end < 0 {
		return "", 0, false
	}
	return format[1 : 1+end], end + 2, true
}

// field returns the expression for n letters; adjacent says that another field
// follows at once, which leaves no more digits than there are letters.
func field(letter byte, n int, adjacent bool) (string, bool) {
	digits := strconv.Itoa(n)
	switch letter {
	case 'y', 'u', 'Y':
		return year(n, adjacent), true
	case 'M', 'L':
		return month(n), true
	case 'd':
		return `(?P<d>0[1-9]|[12]\d|3[01]` + loose(n, `|[1-9]`) + `)`, true
	case 'E':
		if n > 3 {
			return days, true
		}
		return shortDays, true
	case 'S':
		return `\d{` + digits + `}`, true
	case 'X', 'x':
		return offset(letter, n), true
	case 'Z':
		switch n {
		case 4:
			return letters['O'], true
		case 5:
			return `Z|[+-]\d{2}:\d{2}`, true
		}
	case 'H', 'k', 'K', 'h', 'm', 's':
		if n >= 2 {
			return `(?:` + strings.ReplaceAll(strings.ReplaceAll(letters[letter], "]?", "]"), "0?", "0") + `)`, n == 2
		}
	}
	expr, ok := letters[letter]
	return expr, ok
}

func year(n int, adjacent bool) string {
	switch {
	case n == 2:
		return `\d{2}`
	case n == 1:
		return `(?P<y>[+-]?\d{1,9})`
	case adjacent:
		return `(?P<y>\d{` + strconv.Itoa(n) + `})`
	}
	return `(?P<y>-?\d{` + strconv.Itoa(n) + `}|\+\d{5,9})`
}

func month(n int) string {
	switch n {
	case 1, 2:
		return `(?P<M>0[1-9]|1[0-2]` + loose(n, `|[1-9]`) + `)`
	case 3:
		return shortMonths
	}
	return months
}

// loose adds the form of one digit where there is one letter.
func loose(n int, expr string) string {
	if n == 1 {
		return expr
	}
	return ""
}

func offset(letter byte, n int) string {
	zulu := ""
	if letter == 'X' {
		zulu = "Z|"
	}
	switch n {
	case 1:
		return zulu + `[+-]\d{2}(?:\d{2})?`
	case 2:
		return zulu + `[+-]\d{4}`
	}
	return zulu + `[+-]\d{2}:\d{2}(?::\d{2})?`
}

// dayExists reports whether a day is one of its month. Without a year it is one of
// some year.
func dayExists(names, parts []string) bool {
	number := map[string]int{"y": 2000, "M": 1, "d": 1}
	for i, name := range names {
		if name == "" || parts[i] == "" {
			continue
		}
		n, err := strconv.Atoi(strings.TrimPrefix(parts[i], "+"))
		if err != nil {
			return false
		}
		number[name] = n
	}
	day := time.Date(number["y"], time.Month(number["M"]), number["d"], 0, 0, 0, 0, time.UTC)
	return day.Day() == number["d"]
}
