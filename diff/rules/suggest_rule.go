package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"twinspect.dev/diff"
)

// candidate is a rule to be suggested.
type candidate struct {
	place      diff.Place
	operations []string
	class      string
	relative   string // a share in per cent
	unordered  bool
	key        string

	// Base differed from itself in control of n outcomes, in the way of detail.
	control, n uint64
	detail     string
}

// ruleText is a rule as the file has it.
type ruleText struct {
	Path      string         `yaml:"path,omitempty"`
	Header    string         `yaml:"header,omitempty"`
	Trailer   string         `yaml:"trailer,omitempty"`
	Operation any            `yaml:"operation"`
	Class     string         `yaml:"class,omitempty"`
	Tolerance *toleranceText `yaml:"tolerance,omitempty"`
	Unordered bool           `yaml:"unordered,omitempty"`
	Key       string         `yaml:"key,omitempty"`
	Reason    string         `yaml:"reason"`
	Expires   string         `yaml:"expires"`
}

type toleranceText struct {
	Relative string `yaml:"relative"`
}

func (c *candidate) text(expires string) ruleText {
	t := ruleText{
		Operation: c.operations, Class: c.class, Unordered: c.unordered, Key: c.key, Expires: expires,
		Reason: fmt.Sprintf("base differed from itself in %d of %d outcomes (%s)", c.control, c.n, c.detail),
	}
	if len(c.operations) == 1 {
		t.Operation = c.operations[0]
	}
	if c.relative != "" {
		t.Tolerance = &toleranceText{Relative: c.relative}
	}
	switch c.place.Part {
	case diff.Header:
		t.Header = c.place.Path
	case diff.Trailer:
		t.Trailer = c.place.Path
	default:
		t.Path = c.place.Path
	}
	return t
}

func (c *candidate) yaml(expires string) (string, error) {
	data, err := yaml.MarshalWithOptions(c.text(expires), yaml.IndentSequence(true))
	return string(data), err
}

// parse reads the candidate back, so that nothing is suggested that would not
// mean what it says.
func (c *candidate) parse(expires string, now time.Time) (*rule, error) {
	text, err := c.yaml(expires)
	if err != nil {
		return nil, err
	}
	set, err := Parse("rule", []byte("version: 1\nrules:\n"+entryOf(text, 2)), now)
	if err != nil {
		return nil, err
	}
	if len(set.rules) != 1 || !set.rules[0].is(c) {
		return nil, fmt.Errorf("it reads as something else")
	}
	return set.rules[0], nil
}

func (r *rule) is(c *candidate) bool {
	place := c.place.Path
	if c.place.Part != diff.Body {
		place = string(c.place.Part) + " " + c.place.Path
	}
	return r.place.String() == place && len(r.scope.operations) == 1 && r.scope.operations[0] == c.operations[0]
}

func (c *candidate) proposal(expires string) Proposal {
	text, _ := c.yaml(expires) // was written before
	what := c.action() + " " + c.place.String() + " in " + strings.Join(c.operations, ", ")
	return Proposal{What: oneLine(what), YAML: text}
}

func (c *candidate) action() string {
	switch {
	case c.unordered:
		return "unordered"
	case c.key != "":
		return "key " + c.key + " of"
	case c.relative != "":
		return "tolerance " + c.relative + " at"
	}
	return "class " + c.class + " at"
}

// entryOf returns the lines of a mapping as an entry of a list that is indented by
// so many spaces.
func entryOf(mapping string, indent int) string {
	var b strings.Builder
	prefix := strings.Repeat(" ", indent) + "- "
	for line := range strings.Lines(mapping) {
		b.WriteString(prefix + line)
		prefix = strings.Repeat(" ", indent+2)
	}
	return b.String()
}

// File returns a rule file with the rules, and in comments what was refused and
// why.
func (s *Suggestions) File() string {
	var b strings.Builder
	b.WriteString("version: 1\nrules:")
	if len(s.Rules) == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	for _, r := range s.Rules {
		b.WriteString(entryOf(r.YAML, 2))
	}
	return b.String() + s.Comments()
}

// Comments returns what was refused and why, as comments of a rule file.
func (s *Suggestions) Comments() string {
	var b strings.Builder
	for i, r := range s.Refused {
		if i == 0 {
			b.WriteString("# No rule is suggested for:\n")
		}
		b.WriteString("#   " + r.String() + "\n")
	}
	return b.String()
}
