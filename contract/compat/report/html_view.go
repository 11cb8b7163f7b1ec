package report

import (
	"fmt"
	"html/template"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/diff/report/look"
)

// The most entries of the lists of the page, and the columns of their texts.
const (
	maxRows     = 1000 // changes of one group: more cannot be read
	maxEntries  = 60   // effects of one consumer
	maxReasons  = 10   // the consumers below tell the others
	maxListed   = 200  // problems, rules
	maxOpen     = 12   // a group of more changes is folded
	maxNamed    = 8    // consumers that a change names
	textColumns = 400
	listColumns = 200
)

// view is what the template shows; its texts are visible already.
type view struct {
	Report                    *impact.Report
	Meaning                   meaning
	Tally                     tally
	Provider, Documents, Tool string
	Undrawn                   string
	Compared                  bool
	Others                    uint64
	Reasons, Problems         []string
	ReasonsLeft, ProblemsLeft uint64
	Groups                    []*groupView
	Rules                     []*ruleView
	RuleCount                 uint64
	Facts                     []factView
	SVG, Policy               template.HTML
	Style                     template.CSS
	Script                    template.JS

	anchors   map[string]string // of the changes that are shown, by what names them
	taken     map[string]int
	consumers map[string]string // anchors, by name
	rules     map[string]*ruleView
}

type factView struct{ Name, Value string }

type groupView struct {
	Anchor, Title string
	Count         uint64
	Open          bool
	changes       []*impact.Change
}

type ruleView struct {
	ID, Level, Class, First string
	Count, Breaks           uint64
}

func viewOf(r *impact.Report) *view {
	t := tallyOf(r)
	v := &view{
		Report: r, Meaning: meaningOf(r.Verdict, &t), Tally: t, Compared: r.Old != nil || len(r.Changes) > 0,
		Provider: look.Fit(providerOf(r), listColumns), Documents: look.Fit(comparedSays(r), listColumns), Tool: look.Fit(r.Tool, listColumns),
		Policy: look.Policy(pageScript, pageStyle),
		Style:  template.CSS(pageStyle), //nolint:gosec // our own bundle
		Script: template.JS(pageScript), //nolint:gosec // our own bundle
		taken:  map[string]int{}, anchors: map[string]string{}, consumers: map[string]string{}, rules: map[string]*ruleView{},
	}
	v.Others = v.Tally.Risky + v.Tally.Mild
	v.Reasons, v.ReasonsLeft = fitted(r.Reasons, maxReasons, func(s string) string { return s })
	v.Problems, v.ProblemsLeft = fitted(r.Problems, maxListed, contract.Problem.String)
	var undrawn uint64
	if v.SVG, undrawn = draw(r); undrawn > 0 {
		v.Undrawn = look.Plural(undrawn, "more consumer") + " that are better off are not drawn; the list below has them."
	}
	for i := range r.Consumers {
		if name := r.Consumers[i].Name; v.consumers[name] == "" {
			v.consumers[name] = consumerAnchor(&r.Consumers[i])
		}
	}
	v.group()
	v.facts()
	return v
}

// fitted makes the entries of a list visible, and tells how many are left out.
func fitted[T any](list []T, most int, text func(T) string) (shown []string, left uint64) {
	n := min(len(list), most)
	for _, x := range list[:n] {
		shown = append(shown, look.Fit(text(x), textColumns))
	}
	return shown, uint64(len(list) - n) //nolint:gosec // lengths
}

// group sorts the changes by what they mean, and counts them by rule.
func (v *view) group() {
	groups := []*groupView{
		{Anchor: "breaking-somebody", Title: "Breaking, and a consumer breaks"},
		{Anchor: "breaking-nobody", Title: "Breaking, and no consumer breaks"},
		{Anchor: "risky", Title: "Risky"},
		{Anchor: "safe", Title: "Safe"},
	}
	if v.Tally.Consumers == 0 {
		groups[1].Title = "Breaking"
	}
	for i := range v.Report.Changes {
		c := &v.Report.Changes[i]
		g := groups[groupOf(c)]
		g.changes = append(g.changes, c)
		v.count(c)
	}
	for i, g := range groups {
		g.Count = uint64(len(g.changes))
		g.Open = i == 0 || i < 3 && len(g.changes) <= maxOpen
		if g.Count > 0 {
			v.Groups = append(v.Groups, g)
		}
	}
	v.RuleCount = uint64(len(v.rules))
}

func groupOf(c *impact.Change) int {
	switch {
	case c.Level == compat.Breaking && len(c.Breaks) > 0:
		return 0
	case c.Level == compat.Breaking:
		return 1
	case c.Level == compat.Risky:
		return 2
	}
	return 3
}

// count counts a change of a rule; the rules stand in the order of their worst one.
func (v *view) count(c *impact.Change) {
	key := string(c.Level) + "\x00" + c.ID
	rule := v.rules[key]
	if rule == nil {
		rule = &ruleView{ID: look.Fit(c.ID, listColumns), Level: look.Fit(string(c.Level), nameColumns), Class: changeClass(c.Level)}
		v.rules[key] = rule
		if len(v.Rules) < maxListed {
			v.Rules = append(v.Rules, rule)
		}
	}
	rule.Count++
	if len(c.Breaks) > 0 {
		rule.Breaks++
	}
}

func (v *view) facts() {
	add := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, factView{look.Fit(name, nameColumns), look.Fit(value, listColumns)})
		}
	}
	document := func(name string, d *contract.DocumentInfo) {
		add(name, documentSays(d))
		add(name+", OpenAPI", d.OpenAPI)
		add(name+", SHA-256", d.SHA256)
	}
	r := v.Report
	add("Provider", r.Provider)
	if r.Old == nil {
		document("Document", &r.New)
	} else {
		document("Old", r.Old)
		document("New", &r.New)
	}
	for i := range r.Account[:min(len(r.Account), maxListed)] {
		add("Account of "+r.Account[i].Name, stageSays(&r.Account[i]))
	}
}

// The classes of marks in the styles of all pages.
var (
	levelClasses  = map[impact.Level]string{impact.Breaks: "regression", impact.Risk: "suspect", impact.Safe: "safe"}
	changeClasses = map[compat.Level]string{compat.Breaking: "regression", compat.Risky: "suspect", compat.Safe: "safe"}
)

func changeClass(l compat.Level) string { return changeClasses[l] }

func consumerAnchor(k *impact.Consumer) string { return look.Anchor("consumer", k.Source, k.Name) }

// changeKey names a change as an effect does.
func changeKey(rule, operation, status string, at contract.Place) string {
	return strings.Join([]string{rule, operation, status, string(at)}, "\x00")
}

// shown notes that a change is on the page.
func (v *view) shown(c *impact.Change, anchor string) {
	if key := changeKey(c.ID, c.Operation, c.Status, c.At); v.anchors[key] == "" {
		v.anchors[key] = anchor
	}
	if rule := v.rules[string(c.Level)+"\x00"+c.ID]; rule.First == "" {
		rule.First = anchor
	}
}

// unique tells things apart that are named alike.
func (v *view) unique(anchor string) string {
	v.taken[anchor]++
	if n := v.taken[anchor]; n > 1 {
		return fmt.Sprintf("%s-%d", anchor, n)
	}
	return anchor
}
