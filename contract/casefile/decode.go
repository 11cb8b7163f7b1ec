package casefile

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"twinspect.dev/capture/rulefile"
)

// maxMistakes is how many mistakes of a file are told; more than a person corrects
// before reading the file again.
const maxMistakes = 100

// decoder makes values of the nodes of one file and collects its mistakes.
type decoder struct {
	file     string
	expanded int
	errs     rulefile.Errors
	more     int
}

func (d *decoder) fail(n *node, format string, args ...any) {
	d.failAt(n.line, n.col, format, args...)
}

func (d *decoder) failAt(line, col int, format string, args ...any) {
	if len(d.errs) >= maxMistakes {
		d.more++
		return
	}
	d.errs = append(d.errs, newError(d.file, line, col, format, args...))
}

// err returns the mistakes, nil where there are none.
func (d *decoder) err() error {
	if len(d.errs) == 0 {
		return nil
	}
	if d.more > 0 {
		last := d.errs[len(d.errs)-1]
		return append(d.errs, newError(d.file, last.Line, last.Column, "and %d more mistakes", d.more))
	}
	return d.errs
}

// fields calls the function that a key of an object has, for each that is there.
// A key without a function is a mistake.
func (d *decoder) fields(n *node, what string, known []string, read func(key string, v *node)) {
	if n.kind != object {
		d.fail(n, "%s is an object with %s, not %s", what, rulefile.OneOf(known), n.name())
		return
	}
	for i := range n.members {
		m := &n.members[i]
		switch {
		case contains(known, m.key) && n.get(m.key) != m.value:
			d.failAt(m.line, m.col, "the key %q is there twice", shorten(m.key))
		case !contains(known, m.key):
			d.failAt(m.line, m.col, "unknown key %q in %s%s; allowed are %s", shorten(m.key), what, rulefile.DidYouMean(shorten(m.key), known), rulefile.OneOf(known))
		default:
			read(m.key, m.value)
		}
	}
}

func contains(words []string, w string) bool {
	for _, s := range words {
		if s == w {
			return true
		}
	}
	return false
}

// form returns the key of the form that an object is, "" for a plain object.
func form(n *node) string {
	if n.kind != object {
		return ""
	}
	for i := range n.members {
		if contains(forms, n.members[i].key) {
			return n.members[i].key
		}
	}
	return ""
}

// str reads a text. What stands without quotes is one, whatever it looks like.
func (d *decoder) str(n *node, what string) string {
	switch {
	case n.kind == text, n.kind == plain && n.text != "":
		return n.text
	case n.kind == object:
		if s, ok := d.textForm(n); ok {
			return s
		}
	}
	d.fail(n, "%s is a text, not %s", what, n.name())
	return ""
}

// textForm reads the forms that stand for texts; false says that it is none.
func (d *decoder) textForm(n *node) (string, bool) {
	key := form(n)
	switch key {
	case keyRepeat:
		return d.repeat(n), true
	case keyBase64:
		var out []byte
		d.fields(n, key, []string{keyBase64}, func(_ string, v *node) {
			var err error
			if out, err = base64.StdEncoding.DecodeString(d.str(v, key)); err != nil {
				d.fail(v, "%s is base64 with padding: %s", key, err)
			}
		})
		return string(out), true
	case keyText:
		var b strings.Builder
		d.fields(n, key, []string{keyText}, func(_ string, v *node) {
			if v.kind != list {
				d.fail(v, "%s is a list of texts, not %s", key, v.name())
			}
			for _, item := range v.items {
				b.WriteString(d.str(item, "a piece of "+key))
			}
		})
		return b.String(), true
	}
	return "", false
}

func (d *decoder) repeat(n *node) string {
	var unit string
	times := -1
	d.fields(n, keyRepeat, []string{keyRepeat, keyTimes}, func(key string, v *node) {
		if key == keyRepeat {
			unit = d.str(v, key)
		} else {
			times = d.count(v, key)
		}
	})
	if !d.expand(n, keyRepeat, len(unit), times) {
		return ""
	}
	return strings.Repeat(unit, times)
}

// expand counts what a repetition comes to.
func (d *decoder) expand(n *node, what string, size, times int) bool {
	if times < 0 {
		d.fail(n, "%s needs %s, how often it repeats", what, keyTimes)
		return false
	}
	if size > 0 && times > (MaxExpanded-d.expanded)/size {
		d.fail(n, "the repetitions of a file come to %d bytes at most", MaxExpanded)
		return false
	}
	d.expanded += size * times
	return true
}

// count reads a number of things.
func (d *decoder) count(n *node, what string) int {
	v, err := strconv.Atoi(n.text)
	if n.kind != plain || err != nil || v < 0 {
		d.fail(n, "%s is a whole number from 0 on, not %s", what, n.name())
		return 0
	}
	return v
}

// integer reads a number that may be negative.
func (d *decoder) integer(n *node, what string) int {
	v, err := strconv.Atoi(n.text)
	if n.kind != plain || err != nil {
		d.fail(n, "%s is a whole number, not %s", what, n.name())
		return 0
	}
	return v
}

// value reads a tree.
func (d *decoder) value(n *node) any {
	switch n.kind {
	case text:
		return n.text
	case plain:
		return d.scalar(n)
	case list:
		return d.list(n)
	}
	switch key := form(n); key {
	case "":
		return d.object(n)
	case keyMembers:
		return d.members(n)
	case keyItem:
		d.fail(n, "%s stands in a list", key)
		return nil
	}
	s, _ := d.textForm(n)
	return s
}

// scalar reads what stands without quotes (YAML 1.2.2 section 10.3.2). What is a
// number to YAML and not to JSON is refused, as nothing says how it is to be sent.
func (d *decoder) scalar(n *node) any {
	switch n.text {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	c := n.text[0]
	if c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') {
		return n.text
	}
	if isNumber(n.text) {
		return json.Number(n.text)
	}
	if number10(n.text) {
		d.fail(n, "%s is written as JSON has it, or between quotes where it is a text", shorten(n.text))
	}
	return n.text
}

// number10 reports whether a text is a number to YAML.
func number10(s string) bool {
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0o") {
		_, err := strconv.ParseUint(s[2:], map[byte]int{'x': 16, 'o': 8}[s[1]], 64)
		return err == nil
	}
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case ".inf", ".nan":
		return true
	}
	if strings.ContainsAny(s, "xXpP_iInN") {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func (d *decoder) list(n *node) any {
	out := make([]any, 0, len(n.items))
	for _, item := range n.items {
		if form(item) != keyItem {
			out = append(out, d.value(item))
			continue
		}
		var v any
		size, times := itemBytes, -1
		d.fields(item, keyItem, []string{keyItem, keyTimes}, func(key string, at *node) {
			if key == keyTimes {
				times = d.count(at, key)
				return
			}
			v = d.value(at)
			size = weight(v)
		})
		if d.expand(item, keyItem, size, times) {
			for range times {
				out = append(out, v)
			}
		}
	}
	return out
}

func (d *decoder) object(n *node) map[string]any {
	out := make(map[string]any, len(n.members))
	for i := range n.members {
		m := &n.members[i]
		if _, ok := out[m.key]; ok {
			d.failAt(m.line, m.col, "the key %q is there twice", shorten(m.key))
		}
		out[m.key] = d.value(m.value)
	}
	return out
}

// members reads an object that is a list of names and values.
func (d *decoder) members(n *node) map[string]any {
	out := map[string]any{}
	d.fields(n, keyMembers, []string{keyMembers}, func(_ string, v *node) {
		if v.kind != list {
			d.fail(v, "%s is a list of names and values, not %s", keyMembers, v.name())
		}
		for _, item := range v.items {
			var name string
			var value any
			d.fields(item, "a member", []string{keyName, keyValue}, func(key string, at *node) {
				if key == keyName {
					name = d.str(at, key)
				} else {
					value = d.value(at)
				}
			})
			if _, ok := out[name]; ok {
				d.fail(item, "the member %q is there twice", shorten(name))
			}
			out[name] = value
		}
	})
	return out
}

// tree reads an object of values, such as the parameters in a query.
func (d *decoder) tree(n *node, what string) map[string]any {
	if v, ok := d.value(n).(map[string]any); ok {
		return v
	}
	d.fail(n, "%s is an object of names and values, not %s", what, n.name())
	return nil
}
