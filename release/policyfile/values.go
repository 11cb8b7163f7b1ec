package policyfile

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
)

const (
	// maxText bounds names and sentences: they stand in tables and messages.
	maxText = 500
	// maxList bounds lists that every verdict walks through: a thousand patterns take
	// it a tenth of a millisecond.
	maxList = 1000
)

// needs reports keys that are missing.
func (r *reader) needs(n ast.Node, fields rulefile.Fields, owner string, keys ...string) {
	for _, k := range keys {
		if _, ok := fields[k]; !ok && fields != nil {
			r.Errorf(rulefile.Start(n), "%s is missing in %s", k, owner)
		}
	}
}

// mistake reports that a value is not what is wanted.
func (r *reader) mistake(n ast.Node, want string) {
	r.Errorf(rulefile.Start(n), "%s, not %s", want, r.Describe(n))
}

// plain returns the text of a string; YAML's numbers and truths are none, as 0x10 and
// no are not what is read back from them.
func (r *reader) plain(n ast.Node, key string) (string, bool) { return r.upTo(n, key, maxText) }

// upTo is plain for a text of at most so many bytes.
func (r *reader) upTo(n ast.Node, key string, most int) (string, bool) {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		r.Errorf(rulefile.Start(n), "%s is a text; write it in quotation marks: %q", key, n.GetToken().Value)
		return "", false
	default:
		r.mistake(n, key+" is a text")
		return "", false
	}
	text, _ := rulefile.TextOf(n)
	if strings.TrimSpace(text) == "" {
		r.Errorf(rulefile.Start(n), "%s is empty", key)
		return "", false
	}
	if len(text) > most {
		r.Errorf(rulefile.Start(n), "%s has more than %d bytes", key, most)
		return "", false
	}
	return strings.TrimSpace(text), true
}

// text reads a text where the key is given.
func (r *reader) text(fields rulefile.Fields, key string, into *string) bool {
	f, ok := fields[key]
	if !ok {
		return false
	}
	text, ok := r.plain(f.Value, key)
	if ok {
		*into = text
	}
	return ok
}

// boolean reads true or false where the key is given.
func (r *reader) boolean(fields rulefile.Fields, key string, into *bool) {
	f, ok := fields[key]
	if !ok {
		return
	}
	if b, ok := f.Value.(*ast.BoolNode); ok {
		*into = b.Value
		return
	}
	r.mistake(f.Value, key+" is true or false")
}

// oneOf reads one of some words where the key is given.
func (r *reader) oneOf(fields rulefile.Fields, key string, words []string) string {
	var text string
	if r.text(fields, key, &text) && !slices.Contains(words, text) {
		r.Errorf(rulefile.Start(fields[key].Value), "%s is %s, not %q%s", key, rulefile.OneOf(words), text, rulefile.DidYouMean(text, words))
		return ""
	}
	return text
}

// maxCount bounds counts: no release has a million million samples.
const maxCount = 1_000_000_000_000

var countForm = regexp.MustCompile(`^[0-9]+$`)

// count reads a whole number where the key is given.
func (r *reader) count(fields rulefile.Fields, key string, into *uint64) {
	f, ok := fields[key]
	if !ok {
		return
	}
	if n, ok := f.Value.(*ast.IntegerNode); ok && countForm.MatchString(n.Token.Value) {
		if v, err := strconv.ParseUint(n.Token.Value, 10, 64); err == nil && v <= maxCount {
			*into = v
			return
		}
	}
	r.mistake(f.Value, key+" is a whole number from 0 to "+strconv.Itoa(maxCount))
}

var shareForm = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,18})?(?:[eE]-?[0-9]{1,2})?) ?(%?)$`)

// share reads a share from least to most where the key is given.
func (r *reader) share(fields rulefile.Fields, key string, into *float64, allowed span) {
	f, ok := fields[key]
	if !ok {
		return
	}
	text, plain := rulefile.TextOf(f.Value)
	m := shareForm.FindStringSubmatch(text)
	if !plain || m == nil {
		r.mistake(f.Value, key+" is a share such as 0.5% or 0.005")
		return
	}
	v, _ := strconv.ParseFloat(m[1], 64) // by the form
	if m[2] != "" {
		v /= 100
	}
	switch {
	case allowed.has(v):
		*into = v
	case m[2] == "" && allowed.has(v/100):
		r.Errorf(rulefile.Start(f.Value), "%s is %s, and %s is more than that; for per cent write %s%%", key, allowed, text, text)
	default:
		r.Errorf(rulefile.Start(f.Value), "%s is %s, not %s", key, allowed, text)
	}
}

// span is what a share may be.
type span struct {
	least, most float64
	open        bool // neither least nor most itself
}

var (
	anyShare  = span{0, 1, false}
	realShare = span{0, 1, true}
)

func (s span) has(v float64) bool {
	if s.open {
		return v > s.least && v < s.most
	}
	return v >= s.least && v <= s.most
}

func (s span) String() string {
	percent := func(v float64) string { return strconv.FormatFloat(math.Round(v*1e6)/1e4, 'f', -1, 64) + "%" }
	if s.open {
		return "more than " + percent(s.least) + " and less than " + percent(s.most)
	}
	return "from " + percent(s.least) + " to " + percent(s.most)
}

// duration reads a duration from least to most where the key is given.
func (r *reader) duration(fields rulefile.Fields, key string, into *time.Duration, least, most time.Duration) {
	f, ok := fields[key]
	if !ok {
		return
	}
	text, plain := rulefile.TextOf(f.Value)
	v, ok := parseDuration(text)
	switch {
	case !plain || !ok:
		r.mistake(f.Value, key+" is a duration with its unit, such as 30s, 24h or 7d")
	case v < least || v > most:
		r.Errorf(rulefile.Start(f.Value), "%s is from %s to %s, not %s", key, duration(least), duration(most), text)
	default:
		*into = v
	}
}

var durationForm = regexp.MustCompile(`^(?:([0-9]{1,4})w)?(?:([0-9]{1,5})d)?((?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|m|s))*)$`)

// parseDuration reads a duration in which w and d may come first; a day has 24 hours.
func parseDuration(text string) (time.Duration, bool) {
	m := durationForm.FindStringSubmatch(text)
	if m == nil || text == "" {
		return 0, false
	}
	weeks, _ := strconv.Atoi("0" + m[1]) // by the form
	days, _ := strconv.Atoi("0" + m[2])
	sum := time.Duration(7*weeks+days) * 24 * time.Hour
	if m[3] == "" {
		return sum, true
	}
	rest, err := time.ParseDuration(m[3])
	if err != nil || rest > math.MaxInt64-sum {
		return 0, false
	}
	return sum + rest, true
}

// duration writes days as such.
func duration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// list reads a list of texts, or one, each of them once, where the key is given.
func (r *reader) list(fields rulefile.Fields, key string) []string {
	f, ok := fields[key]
	if !ok {
		return nil
	}
	var words []string
	seen := make(map[string]bool)
	for _, n := range r.OneOrMore(f, "write at least one") {
		text, ok := r.plain(n, key)
		switch {
		case !ok:
			continue
		case seen[text]:
			r.Errorf(rulefile.Start(n), "%q is twice in %s", text, key)
		case len(words) == maxList:
			r.Errorf(rulefile.Start(n), "%s has more than %d entries", key, maxList)
			return words
		}
		seen[text] = true
		words = append(words, text)
	}
	return words
}

// patterns reads names in which * stands for any text.
func (r *reader) patterns(fields rulefile.Fields, key string) []string {
	words := r.list(fields, key)
	for _, w := range words {
		if strings.ContainsAny(w, " \t\n,") {
			r.Errorf(rulefile.Start(fields[key].Value), "%s has the names of services, or patterns with *; %q is neither", key, w)
		}
	}
	return words
}
