package main

import (
	"fmt"

	"twinspect.dev/diff"
	diffrun "twinspect.dev/diff/run"
	"twinspect.dev/replay"
	"twinspect.dev/replay/correlate"
	"twinspect.dev/replay/pace"
	"twinspect.dev/replay/rewrite"
)

// info says how the sides were asked, for the evidence. It may be called at any
// time.
func (a *asking) info() *diff.Replay {
	r := &diff.Replay{Pace: a.pacing.text, Lateness: latenessOf(a.runner.Lateness())}
	if seeking, ok := a.pacing.pacer.(*pace.Adaptive); ok {
		r.Sustained = seeking.Found().Sustained
	}
	for _, l := range a.lanes {
		attested, misrouted := l.sender.Counts()
		r.Lanes = append(r.Lanes, diff.Lane{Side: string(l.side), Lane: l.sender.Lane().Name, Attested: attested, Misrouted: misrouted})
	}
	if a.links != nil {
		r.Links = linksOf(a.links)
	}
	r.Rewrites = rewritesOf(a.rules)
	return r
}

// latenessOf sums up how late a run was, nil where nothing was planned.
func latenessOf(l replay.Lateness) *diff.Lateness {
	if l.Count == 0 {
		return nil
	}
	return diff.LatenessOf(diffrun.Buckets(l.Histogram), float64(l.Max.Microseconds())/1000)
}

// linksOf says what became of the values that earlier answers gave.
func linksOf(c *correlate.Correlator) []diff.Link {
	r := c.Report()
	var links []diff.Link
	for _, l := range r.Links {
		if l.Ignore {
			continue
		}
		link := diff.Link{From: l.From.String(), To: l.To.String(), Source: "learned"}
		if l.Learned == nil {
			link.Source = "rule"
		}
		used := l.Learned == nil // a written rule that did nothing is worth knowing
		for _, s := range l.Sides {
			used = used || s.Bound+s.Unbound > 0
			link.Sides = append(link.Sides, diff.LinkSide{Side: string(s.Side), Bound: s.Bound, Differing: s.Differing, Unbound: s.Unbound})
		}
		if used {
			links = append(links, link)
		}
	}
	return append(links, cookiesOf(r.Cookies)...)
}

// cookiesOf says what the cookie jars did, as one link; none where they did
// nothing.
func cookiesOf(tallies []correlate.CookieTally) []diff.Link {
	link := diff.Link{From: "header Set-Cookie", To: "cookies of the session", Source: "cookies"}
	var used bool
	for _, c := range tallies {
		changed := c.Replaced + c.Added + c.Removed
		used = used || changed+c.Unbound > 0
		link.Sides = append(link.Sides, diff.LinkSide{Side: string(c.Side), Bound: changed, Differing: changed, Unbound: c.Unbound})
	}
	if !used {
		return nil
	}
	return []diff.Link{link}
}

// rewritesOf says what the rules of a file did.
func rewritesOf(rules *rewrite.Rules) []diff.Rewrite {
	r := rules.Report()
	if r == nil {
		return nil
	}
	var list []diff.Rewrite
	add := func(line int, what string, c rewrite.Counts) {
		where := r.File
		if line > 0 {
			where = fmt.Sprintf("%s:%d", r.File, line)
		}
		list = append(list, diff.Rewrite{Where: where, What: what, Changed: c.Changed, Left: c.Left})
	}
	for _, x := range r.Rules {
		add(x.Line, x.What, x.Counts)
	}
	for _, x := range r.Auth {
		add(x.Line, x.What, x.Counts)
	}
	if r.Dates != nil {
		add(0, "dates shifted", r.Dates.Counts)
	}
	return list
}
