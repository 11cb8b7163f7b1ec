package report

import (
	"fmt"
	"strings"

	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/diff/report/look"
)

type consumerView struct {
	Anchor, Class, Badge, Name, Why, Calls string
	Open                                   bool
	Effects                                []effectView
	More                                   uint64
}

type effectView struct {
	Class, Badge, Text, Rule, Change, Share, Where, Places string
}

func (v *view) consumer(i int) *consumerView {
	k := &v.Report.Consumers[i]
	c := &consumerView{
		Anchor: v.unique(consumerAnchor(k)), Class: levelClasses[k.Level], Badge: badge(k.Level), Name: look.Fit(k.Name, listColumns),
		Calls: sourceSays(k), Open: k.Level == impact.Breaks && i < maxOpen,
		Why: whySays(k),
	}
	if k.Level == impact.Notice {
		c.Class = levelClasses[impact.Safe]
	}
	shown := min(len(k.Effects), maxEntries)
	c.More = uint64(len(k.Effects) - shown)
	for j := range k.Effects[:shown] {
		c.Effects = append(c.Effects, v.effect(&k.Effects[j]))
	}
	return c
}

// whySays counts what concerns a consumer.
func whySays(k *impact.Consumer) string {
	breaks, risks, notices := counted(k.Effects)
	var parts []string
	if breaks > 0 {
		parts = append(parts, look.Plural(uint64(breaks), "breaking effect"))
	}
	if risks > 0 {
		parts = append(parts, look.Plural(uint64(risks), "risk"))
	}
	if notices > 0 {
		parts = append(parts, look.Plural(uint64(notices), "notice"))
	}
	if len(parts) == 0 {
		return "nothing concerns it"
	}
	return strings.Join(parts, ", ")
}

func (v *view) effect(e *impact.Effect) effectView {
	where := strings.TrimSpace(e.Status + " " + string(e.At))
	return effectView{
		Class: levelClasses[e.Level], Badge: badge(e.Level), Text: look.Fit(e.Text, textColumns), Rule: look.Fit(e.Rule, listColumns),
		Change: v.anchors[changeKey(e.Rule, e.Operation, e.Status, e.At)], Share: share(e),
		Where: look.Fit(where, listColumns), Places: look.Fit(placesSay(e.Old, e.New), textColumns),
	}
}

type changeView struct {
	Anchor, Class, Level, Operation, Where, Text, Weight, Tone, ID, Direction, Places string
	Consumers                                                                         []nameView
}

type nameView struct{ Anchor, Name string }

func (v *view) change(c *impact.Change) *changeView {
	where := strings.TrimSpace(strings.Join([]string{c.Status, string(c.At), c.MediaType}, " "))
	w := &changeView{
		Anchor: v.unique(look.Anchor("change", c.ID, c.Operation, c.Status, c.MediaType, string(c.At))), Class: changeClass(c.Level),
		Level: look.Fit(string(c.Level), nameColumns), Operation: look.Fit(c.Operation, listColumns), Where: look.Fit(where, listColumns),
		Text: look.Fit(c.Text, textColumns), Weight: look.Fit(c.Weight, textColumns), ID: look.Fit(c.ID, listColumns),
		Direction: look.Fit(string(c.Direction), nameColumns), Places: look.Fit(placesSay(c.Old, c.New), textColumns),
	}
	switch {
	case len(c.Breaks) > 0:
		w.Tone = "bad"
	case len(c.Risks) > 0 || c.Level == compat.Breaking:
		w.Tone = "warn"
	}
	w.Consumers = v.names(c)
	return w
}

// names links those that a change concerns.
func (v *view) names(c *impact.Change) []nameView {
	var list []nameView
	for _, names := range [][]string{c.Breaks, c.Risks, c.Notices} {
		for _, name := range names {
			if len(list) == maxNamed {
				return list
			}
			if anchor := v.consumers[name]; anchor != "" {
				list = append(list, nameView{anchor, fmt.Sprintf("→ %s", look.Fit(name, nameColumns))})
			}
		}
	}
	return list
}
