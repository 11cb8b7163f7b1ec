package schema

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape reads what begins with a backslash.
func (e *ecma) escape() error {
	if e.pos+1 >= len(e.in) {
		return fmt.Errorf("it ends in a backslash")
	}
	c, size := utf8.DecodeRuneInString(e.in[e.pos+1:])
	e.pos += 1 + size
	switch c {
	case 'd':
		e.class("0-9")
	case 'w':
		e.class("0-9A-Za-z_")
	case 's':
		e.class(spaces)
	case 'S':
		e.class(notSpaces)
	case 'D':
		e.class(`\x00-/:-\x{10ffff}`)
	case 'W':
		e.class("\\x00-/:-@\\[-\\^`{-\\x{10ffff}")
	case 't', 'n', 'r', 'f':
		e.write(`\` + string(c))
	case 'v':
		e.write(`\x0b`)
	case 'b', 'B':
		return e.boundary(c)
	case 'x', 'u', 'c', '0':
		return e.codePoint(c)
	case 'p', 'P':
		return e.property(c)
	case 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return e.backReference(c)
	default:
		if c < utf8.RuneSelf && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return fmt.Errorf(`ECMA-262 has no \%c`, c)
		}
		e.literal(c)
	}
	return nil
}

// boundaries are those of ECMA-262 for the engine that goes back, whose own ones
// know the letters of all scripts.
var boundaries = map[rune]string{
	'b': `(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))`,
	'B': `(?:(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<![0-9A-Za-z_])(?![0-9A-Za-z_]))`,
}

func (e *ecma) boundary(c rune) error {
	switch {
	case !e.inClass && e.back:
		e.write(boundaries[c])
	case !e.inClass:
		e.write(`\` + string(c))
	case c == 'b':
		e.write(`\x08`)
	default:
		return fmt.Errorf(`\B cannot stand in a class`)
	}
	return nil
}

// literal writes a character that stands for itself.
func (e *ecma) literal(c rune) {
	switch {
	case c == 0:
		e.write(`\x00`)
	case c < utf8.RuneSelf && strings.ContainsRune(`\.+*?()|[]{}^$-&~#/`, c):
		if c == '/' || c == '#' || !e.inClass && (c == '-' || c == '&' || c == '~') {
			e.out.WriteRune(c)
			return
		}
		e.write(`\` + string(c))
	default:
		e.out.WriteRune(c)
	}
}

var (
	hexByte   = regexp.MustCompile(`^[0-9A-Fa-f]{2}`)
	hexUnit   = regexp.MustCompile(`^[0-9A-Fa-f]{4}`)
	hexPoint  = regexp.MustCompile(`^\{([0-9A-Fa-f]{1,8})\}`)
	surrogate = regexp.MustCompile(`^[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}`)
)

// codePoint reads \xHH, \uHHHH, a pair of them, \u{H}, \cX and \0.
func (e *ecma) codePoint(c rune) error {
	rest := e.in[e.pos:]
	switch {
	case c == '0' && !strings.HasPrefix(rest, "0") && !startsWithDigit(rest):
		e.literal(0)
	case c == 'c' && rest != "" && isLetter(rest[0]):
		e.literal(rune(rest[0] % 32))
		e.pos++
	case c == 'x' && hexByte.MatchString(rest):
		e.hex(rest[:2], 2)
	case c == 'u' && surrogate.MatchString(rest):
		high, _ := strconv.ParseInt(rest[:4], 16, 32)
		low, _ := strconv.ParseInt(rest[6:10], 16, 32)
		e.literal(rune((high-0xd800)<<10 + (low - 0xdc00) + 0x10000))
		e.pos += 10
	case c == 'u' && hexUnit.MatchString(rest):
		e.hex(rest[:4], 4)
	case c == 'u' && hexPoint.MatchString(rest):
		m := hexPoint.FindStringSubmatch(rest)
		e.hex(m[1], len(m[0]))
	default:
		return fmt.Errorf(`\%c is not followed by what it needs`, c)
	}
	return nil
}

func (e *ecma) hex(text string, length int) {
	n, _ := strconv.ParseInt(text, 16, 64)
	if n > utf8.MaxRune || n >= 0xd800 && n < 0xe000 {
		n = utf8.RuneError // no text has it
	}
	e.literal(rune(n))
	e.pos += length
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// longNames are the categories that are often written out (ECMA-262, table 67).
var longNames = map[string]string{
	"Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
	"Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Number": "N", "Decimal_Number": "Nd",
	"Punctuation": "P", "Symbol": "S", "Separator": "Z", "Space_Separator": "Zs", "Other": "C", "Control": "Cc",
	"Alphabetic": "L", "Uppercase": "Lu", "Lowercase": "Ll",
}

// property reads \p{...}: a category, or a script.
func (e *ecma) property(c rune) error {
	rest := e.in[e.pos:]
	name, _, ok := strings.Cut(rest, "}")
	if !ok || !strings.HasPrefix(name, "{") {
		return fmt.Errorf(`\%c is not followed by a property in braces`, c)
	}
	e.pos += len(name) + 1
	name = name[1:]
	for _, prefix := range []string{"General_Category=", "gc=", "Script=", "sc=", "Script_Extensions=", "scx="} {
		name = strings.TrimPrefix(name, prefix)
	}
	if short, ok := longNames[name]; ok {
		name = short
	}
	e.write(`\` + string(c) + "{" + name + "}")
	return nil
}

func (e *ecma) backReference(c rune) error {
	if e.inClass {
		return fmt.Errorf(`\%c cannot stand in a class`, c)
	}
	e.linear = false
	e.write(`\` + string(c))
	if c != 'k' {
		return nil
	}
	name, _, ok := strings.Cut(e.in[e.pos:], ">")
	if !ok || !strings.HasPrefix(name, "<") {
		return fmt.Errorf(`\k is not followed by a name`)
	}
	e.write(name + ">")
	e.pos += len(name) + 1
	return nil
}
