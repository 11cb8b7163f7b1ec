package release

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// overrides lets the word of a person count, and returns what becomes of the decision
// and the override that was followed. Of several the worst counts, of equal ones the
// newest. To hold or to roll back counts whoever says so; to promote takes the right.
func (j *judge) overrides(d Decision) (Decision, *Override) {
	said := j.said(d)
	if said == nil {
		return d, nil
	}
	followed := *said
	if said.Decision == Promote {
		if d == Promote {
			return d, nil
		}
		j.front(Reason{Code: Overridden, Decision: Promote,
			Text: fmt.Sprintf("%s promotes it until %s: %s", clip(said.By), moment(said.Until), clip(said.Reason))})
		return Promote, &followed
	}
	decision := Hold
	if said.Decision == Rollback {
		decision = Rollback
	}
	j.front(Reason{Code: Overridden, Decision: decision,
		Text:   fmt.Sprintf("%s decided %q until %s: %s", orNone(said.By), clip(string(said.Decision)), moment(said.Until), clip(said.Reason)),
		Change: "revoke the override " + clip(said.ID)})
	if Worst(d, decision) != decision {
		return d, nil
	}
	return decision, &followed
}

// front adds a reason before all others.
func (j *judge) front(r Reason) { j.reasons = slices.Insert(j.reasons, 0, r) }

// said returns the override that counts, nil for none, and tells why others do not.
func (j *judge) said(d Decision) *Override {
	var counts *Override
	var promotes []*Override
	for i := range j.asked.Overrides {
		o := &j.asked.Overrides[i]
		if o.Service != j.asked.Subject.Service || o.Service == "" {
			continue
		}
		here := o.Digest == j.asked.Subject.Digest && o.Digest != ""
		if here {
			j.turns(o.From)
			j.turns(o.Until)
			j.turns(o.Revoked)
		}
		current := in(j.asked.At, o.From, o.Until) && (o.Revoked.IsZero() || j.asked.At.Before(o.Revoked))
		switch {
		case o.Decision == Promote && (here || current):
			promotes = append(promotes, o)
		case here && current && (counts == nil || prior(o, counts) < 0):
			counts = o
		}
	}
	slices.SortFunc(promotes, prior)
	for _, o := range promotes {
		why, change := j.refusal(o, d, counts)
		switch {
		case why == "" && counts == nil:
			counts = o
		case why != "" && (d != Promote || counts != nil):
			j.add(Reason{Code: Refused, Decision: Promote, Text: fmt.Sprintf("the override by %s does not count: %s", orNone(o.By), why), Change: change})
		}
	}
	return counts
}

// prior orders overrides: the worst first, then the newest.
func prior(a, b *Override) int {
	return cmp.Or(cmp.Compare(b.Decision.Rank(), a.Decision.Rank()), b.From.Compare(a.From), cmp.Compare(b.ID, a.ID))
}

// refusal says why an override to promote does not count, "" where it does, and what
// would change that.
func (j *judge) refusal(o *Override, d Decision, counts *Override) (why, change string) {
	at := j.asked.At
	const anew = "ask for a new override"
	byPolicy, ask := refusedBy(j.policy, o)
	switch {
	case o.Digest != j.asked.Subject.Digest:
		return "it is for the image " + orNone(o.Digest), "ask for one for this image"
	case !o.Revoked.IsZero() && !at.Before(o.Revoked):
		return "it was revoked at " + moment(o.Revoked), anew
	case at.Before(o.From):
		return "it begins at " + moment(o.From), "wait until it begins"
	case !at.Before(o.Until):
		return "it ended at " + moment(o.Until), anew
	case strings.TrimSpace(o.Reason) == "":
		return "it gives no reason", "ask for one with a reason"
	case j.has(Unknown):
		return "the question or the policy lacks something", "ask with what is missing"
	case byPolicy != "":
		return byPolicy, ask
	case j.has(Stopped):
		return "a stop is never overridden", "end the stop"
	case j.has(Faulty):
		return "a source could not be read, and what it would say is not known", "make it readable again"
	case d == Rollback && !j.policy.Overrides.Rollback:
		return "the evidence rolls back, and the policy lets nobody override that", "fix it and release another image"
	case counts != nil && counts.Decision != Promote:
		return fmt.Sprintf("the override by %s to %s goes before", orNone(counts.By), clip(string(counts.Decision))), "let that one be revoked"
	}
	return "", ""
}

// refusedBy says why a policy lets no such override promote, "" where it does, and what
// would change that.
func refusedBy(p *Policy, o *Override) (why, change string) {
	switch {
	case p == nil:
		return "there is no policy for the service", "write one"
	case !slices.Contains(p.Overrides.By, o.By):
		return "the policy does not let this person override", "ask one whom the policy names, or add the name to it"
	case o.Until.Sub(o.From) > p.Overrides.Max:
		return fmt.Sprintf("it lasts longer than %s, which the policy allows", p.Overrides.Max), "ask for a shorter one"
	}
	return "", ""
}

// RefusesOverride says in words why a policy would never let an override count, "" where
// it would. To hold or to roll back counts whoever says so.
func RefusesOverride(p *Policy, o Override) string {
	if o.Decision != Promote {
		return ""
	}
	why, _ := refusedBy(p, &o)
	return why
}
