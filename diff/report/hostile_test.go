package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

// hostile draws text that tries to break out of every format.
func hostile() *rapid.Generator[string] {
	attacks := rapid.SampledFrom([]string{
		"</script><script>alert(1)</script>", "<!--", "]]>", "]]]]><![CDATA[>", "<img src=x onerror=alert(1)>", "\"'><svg/onload=x>",
		"\x1b[2J\x1b]0;title\x07", "\x9b31m", "\r\n::error::", "\x00", "\xff\xfe", "\ufffe", "\u202e", "\u2028",
		"| a | b |\n|---|", "`", "```", "\\", "@everyone", "#1", "!2", "[x](http://evil)", "http://evil.example", "www.evil.example",
		"WWW.evil.example", "\n# h", "\n/close\n", "&#64;team", "&lt;", "</details>", "</code>", "</pre>", "- [ ] x", "$a$", "{{.}}", "${x}", "İİİ",
	})
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(attacks, rapid.String()), 0, 4).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

// traffic is a report in which every text that may come from outside is s.
func traffic(s string) *diff.Report {
	r := typicalReport()
	r.Input, r.Tool, r.Reasons = s, s, []string{s, "x" + s}
	r.Sides = []diff.SideInfo{{Side: s, URL: s, Asked: 1, Answered: 0, Faults: map[string]uint64{s: 1}}}
	r.Rules = &diff.RulesInfo{File: s, Rules: []diff.RuleInfo{{Line: 1, What: s, Reason: s}}}
	r.Operations = []diff.Operation{{Name: s, Compared: 3, Differing: 2, NotCompared: map[capture.Reason]uint64{capture.Reason(s): 1}}}
	var list []diff.Difference
	for _, j := range []diff.Judgement{diff.Regression, diff.Suspect, diff.Accepted, diff.Noise} {
		d := difference(s, diff.Body, s, diff.Changed, 3, 2, diff.Example{Exchange: s, Method: s, Target: s, At: s, Base: s, Branch: "y" + s, Control: s})
		d.Judgement, d.Reason, d.Learned = j, s, "class"+s
		d.Category, d.Remedy = diff.Category("c"+s), diff.Remedy("r"+s)
		d.Accepted = &diff.Acceptance{Where: s, By: s, Reason: s, Expires: "x" + s}
		d.Location = &diff.Location{Service: s, Span: s, What: s, Path: []string{s, s}, Exchange: s, BaseTrace: s, BranchTrace: s, Same: 1, Of: 2}
		list = append(list, d)
	}
	r.Differences = list
	r.Rules.Rules = append(r.Rules.Rules, diff.RuleInfo{Line: 2, What: s, Reason: s, Expires: "x" + s, Branch: 1, Matched: 1, Problems: []string{"p" + s}})
	r.Troubles = []diff.Trouble{{Category: diff.Category("c" + s), Remedy: diff.Remedy("r" + s), Count: 2, Unit: s, What: "w" + s, Operations: []string{s}}}
	r.SelfCheck = &diff.SelfCheck{Mutations: 2, Missed: 2, MoreBlind: 1, Operations: []diff.SelfCheckOperation{{Name: s, Mutations: 2, Missed: 2}},
		Blind: []diff.BlindSpot{{Operation: s, Place: diff.Place{Part: diff.Body, Path: s}, Mutations: []string{s}, Tried: 2, Missed: 2, By: []string{s}}}}
	r.Confirmation = &diff.Confirmation{Suspects: 2, Times: 2, NotAsked: map[capture.Reason]uint64{capture.Reason(s): 1}}
	r.Profile = &diff.ProfileInfo{File: s, Runs: 1, Explained: 1}
	r.Account = capture.Account{{Name: s, Unit: s, Stats: capture.Stats{Seen: 3, Written: 1,
		Filtered: map[capture.Reason]uint64{capture.Reason(s): 1}, Dropped: map[capture.Reason]uint64{capture.Reason(s): 1}}}}
	return r
}

// harmless stands in for the hostile text: the structure may not depend on it.
const harmless = "harmless"

func TestHostileTextCannotBreakOutOfXML(t *testing.T) {
	want := xmlStructure(t, junit(t, traffic(harmless)))
	rapid.Check(t, func(t *rapid.T) {
		require.Equal(t, want, xmlStructure(t, junit(t, traffic(hostile().Draw(t, "text")))))
	})
}

func junit(t require.TestingT, r *diff.Report) []byte {
	var b bytes.Buffer
	require.NoError(t, report.JUnit(&b, r))
	return b.Bytes()
}

// xmlStructure lists the elements and the names of their attributes.
func xmlStructure(t require.TestingT, doc []byte) []string {
	var list []string
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			for _, a := range e.Attr {
				list = append(list, e.Name.Local+" "+a.Name.Local)
			}
			list = append(list, e.Name.Local)
		case xml.EndElement:
			list = append(list, "/"+e.Name.Local)
		case xml.Comment, xml.Directive:
			list = append(list, fmt.Sprintf("%T", e))
		}
	}
}

func TestHostileTextCannotBreakOutOfHTML(t *testing.T) {
	want := htmlStructure(renderHTML(t, "harmless", traffic(harmless)))
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		require.NoError(t, report.HTML(&b, traffic(hostile().Draw(t, "text"))))
		require.Equal(t, want, htmlStructure(b.Bytes()))
	})
}

// htmlStructure lists the tags and the names of their attributes.
func htmlStructure(page []byte) []string {
	var list []string
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return list
		case html.TextToken:
		default:
			token := z.Token()
			tag := kind.String() + " " + token.Data
			for _, a := range token.Attr {
				tag += " " + a.Key
			}
			list = append(list, tag)
		}
	}
}

func TestHostileTextCannotBreakOutOfMarkdown(t *testing.T) {
	want := markdownStructure(markdown(t, traffic(harmless)))
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "text")
		require.Equal(t, want, markdownStructure(markdown(t, traffic(s))), "%q", s)
	})
}

func markdown(t require.TestingT, r *diff.Report) string {
	var b bytes.Buffer
	require.NoError(t, report.Markdown(&b, r, 0))
	return b.String()
}

var (
	structural = regexp.MustCompile("(?i)</?[a-z]+>|[|`*_<>\\[\\]{}~@:!$^\\\\]|www\\.|&[^;]{0,9};?")
	reference  = regexp.MustCompile(`^&#\d+;$`)
	blockStart = regexp.MustCompile(`^\s*(- |#+ |/|\||\d+[.)] |[+>=-])*`)
)

// markdownStructure lists, line by line, what begins it and every character
// that could be markup. A character reference is none.
func markdownStructure(comment string) []string {
	var list []string
	for line := range strings.Lines(comment) {
		s := blockStart.FindString(line)
		for _, m := range structural.FindAllString(line, -1) {
			if !reference.MatchString(m) {
				s += " " + m
			}
		}
		list = append(list, s)
	}
	return list
}

func TestHostileTextCannotReachTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := traffic(hostile().Draw(t, "text"))
		width := rapid.IntRange(40, 200).Draw(t, "width")
		for _, verbose := range []bool{false, true} {
			var b bytes.Buffer
			require.NoError(t, report.Terminal(&b, r, report.TerminalOptions{Width: width, Verbose: verbose}))
			require.True(t, utf8.Valid(b.Bytes()))
			for _, c := range b.String() {
				require.True(t, c == '\n' || unicode.IsPrint(c), "%q", c)
			}
		}
	})
}

func TestColoursAreTheOnlyEscapesOnATerminal(t *testing.T) {
	sgr := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	trailing := regexp.MustCompile(` +\n`)
	rapid.Check(t, func(t *rapid.T) {
		r := traffic(hostile().Draw(t, "text"))
		var plain, coloured bytes.Buffer
		require.NoError(t, report.Terminal(&plain, r, report.TerminalOptions{}))
		require.NoError(t, report.Terminal(&coloured, r, report.TerminalOptions{Color: true}))
		require.NotContains(t, plain.String(), "\x1b")
		require.Equal(t, plain.String(), trailing.ReplaceAllString(sgr.ReplaceAllString(coloured.String(), ""), "\n"))
	})
}
