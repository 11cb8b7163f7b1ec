package pact

import (
	"errors"
	"strconv"
	"strings"
)

// Step is a step of a rule's path: a name, an index, or any.
type Step struct {
	Name  string
	Index int  // of an array, -1 for a name or any
	Any   bool // "*" with Index -1 is any name or index, "[*]" with Index 0 any index
}

// IsIndex reports whether the step is in brackets without a name: "[0]" or "[*]".
func (s Step) IsIndex() bool { return s.Index >= 0 }

var errPath = errors.New("not a path such as $.items[*].id")

// MaxSteps is how many steps a path may have: no value that is deeper is read.
const MaxSteps = MaxDepth

// ParsePath reads a path of matching rules and generators, the "$" at its begin left
// out: "$.items[*]['the name'].@id". It is the part of JSONPath that the Pact
// specification has.
func ParsePath(path string) ([]Step, error) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, errPath
	}
	var steps []Step
	for rest != "" {
		var step Step
		var err error
		if rest[0] == '[' {
			step, rest, err = bracket(rest[1:])
		} else {
			step, rest, err = dotted(rest)
		}
		if err != nil || len(steps) == MaxSteps {
			return nil, errPath
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func dotted(rest string) (Step, string, error) {
	rest, ok := strings.CutPrefix(rest, ".")
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	if !ok || end == 0 {
		return Step{}, "", errPath
	}
	name := rest[:end]
	return Step{Name: name, Index: -1, Any: name == "*"}, rest[end:], nil
}

func bracket(rest string) (Step, string, error) {
	if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
		return quoted(rest[1:], rest[0])
	}
	text, rest, ok := strings.Cut(rest, "]")
	if text == "*" && ok {
		return Step{Any: true}, rest, nil
	}
	index, err := strconv.Atoi(text)
	if !ok || err != nil || index < 0 {
		return Step{}, "", errPath
	}
	return Step{Index: index}, rest, nil
}

// quoted reads a name in quotes, in which a backslash keeps what follows.
func quoted(rest string, quote byte) (Step, string, error) {
	var name strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			name.WriteByte(rest[i])
		case rest[i] != quote:
			name.WriteByte(rest[i])
		case i+1 < len(rest) && rest[i+1] == ']':
			return Step{Name: name.String(), Index: -1}, rest[i+2:], nil
		default:
			return Step{}, "", errPath
		}
	}
	return Step{}, "", errPath
}

// FormatPath is the reverse of [ParsePath].
func FormatPath(steps []Step) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range steps {
		b.WriteString(s.String())
	}
	return b.String()
}

var quoter = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// String returns the step as it stands in a path.
func (s Step) String() string {
	switch {
	case s.IsIndex() && s.Any:
		return "[*]"
	case s.IsIndex():
		return "[" + strconv.Itoa(s.Index) + "]"
	case s.Any:
		return ".*"
	case plainName(s.Name):
		return "." + s.Name
	}
	return "['" + quoter.Replace(s.Name) + "']"
}

func plainName(name string) bool {
	for i := range len(name) {
		c := name[i] | 0x20
		if (c < 'a' || c > 'z') && (name[i] < '0' || name[i] > '9') && name[i] != '_' {
			return false
		}
	}
	return name != ""
}
