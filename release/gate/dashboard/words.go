package dashboard

import (
	"encoding/hex"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

func funcs() template.FuncMap {
	return template.FuncMap{
		"short":    func(s string) string { return look.Fit(report.Short(s), 40) },
		"fit":      func(s string) string { return look.Fit(s, longest) },
		"say":      say,
		"share":    share,
		"lasted":   lasted,
		"badge":    badgeOf,
		"outcome":  outcomeOf,
		"trend":    trendOf,
		"service":  servicePath,
		"evidence": evidencePath,
		"run":      runURL,
		"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"utc":      utc,
		"clock":    func(t time.Time) string { return t.UTC().Format("2 Jan, 15:04") },
	}
}

// longest is how much of a text from outside a page shows: a sentence of evidence has
// 1,000 bytes, a name 512.
const longest = 1000

var longDigest = regexp.MustCompile(`\bsha256:[0-9a-f]{64}\b`)

// say writes a sentence, its digests shortened: they stand whole where they are linked.
func say(s string) string {
	return look.Fit(longDigest.ReplaceAllStringFunc(look.Clip(s, 4*longest), report.Short), longest)
}

func utc(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// mark is a word with its colour and sign; the word says it all.
type mark struct{ Class, Sign, Text string }

func badgeOf(d release.Decision) mark {
	switch d {
	case release.Promote:
		return mark{"good", "✓", "Promote"}
	case release.Rollback:
		return mark{"bad", "✗", "Roll back"}
	case "":
		return mark{"unasked", "–", "Not asked yet"}
	}
	return mark{"warn", "!", "Hold"}
}

func outcomeOf(o release.Outcome) mark {
	switch o {
	case release.Pass:
		return mark{"good", "✓", "Pass"}
	case release.Fail:
		return mark{"bad", "✗", "Fail"}
	case release.Interrupted:
		return mark{"warn", "!", "Interrupted"}
	}
	return mark{"warn", "!", "Inconclusive"}
}

func trendOf(t release.Trend) mark {
	switch t {
	case release.Safe:
		return mark{"good", "✓", "Safe"}
	case release.Worse:
		return mark{"bad", "✗", "Worse"}
	}
	return mark{"warn", "!", "Undecided"}
}

// share writes a share, 0 to 1, in percent with three digits.
func share(f float64) string {
	switch {
	case math.IsNaN(f):
		return "–"
	case f != 0 && math.Abs(f) < 0.00001:
		return "<0.001 %"
	}
	return strconv.FormatFloat(f*100, 'g', 3, 64) + " %"
}

// lasted writes a duration in its two greatest units.
func lasted(d time.Duration) string {
	d = max(d, 0)
	days, hours, minutes, seconds := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return units(days, "d", hours, "h")
	case hours > 0:
		return units(hours, "h", minutes, "min")
	case minutes > 0:
		return units(minutes, "min", seconds, "s")
	}
	return fmt.Sprintf("%d s", seconds)
}

func units(great int, unit string, small int, smallUnit string) string {
	text := fmt.Sprintf("%d %s", great, unit)
	if small > 0 {
		text += fmt.Sprintf(" %d %s", small, smallUnit)
	}
	return text
}

// servicePath is the address of a service's page, "" where an address cannot hold the
// name, as browsers resolve dots, and for patterns and lists of services.
func servicePath(name string) string {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "*") || strings.Contains(name, ", ") {
		return ""
	}
	return "/services/" + url.PathEscape(name)
}

func evidencePath(id string) string { return "/evidence/" + url.PathEscape(id) }

func releasePath(id int64) string { return "/releases/" + strconv.FormatInt(id, 10) }

// runURL is the address of the run that an origin names, "" where it is none of the web:
// anybody may have written it.
func runURL(o release.Origin) string {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

// shortCommit is how much of a commit's hash is told, as forges do.
const shortCommit = 10

// originSays names where something comes from, shortly.
func originSays(o release.Origin) string {
	commit := o.Commit
	if _, err := hex.DecodeString(commit); err == nil && len(commit) > shortCommit {
		commit = commit[:shortCommit]
	}
	parts := slices.DeleteFunc([]string{o.Branch, commit}, func(s string) bool { return s == "" })
	return strings.Join(parts, " @ ")
}
