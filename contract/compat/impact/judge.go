package impact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/openapi"
)

// Case is what is judged.
type Case struct {
	Provider string
	// Old is nil where consumers are held against New alone.
	Old, New *openapi.Document
	// Changes are those from Old to New.
	Changes []compat.Change
	// Contracts are those of the provider's consumers, Pacts those that were read from
	// Pact files.
	Contracts []*contract.Contract
	Pacts     []*contract.Contract
	// Strict fails for every breaking change, whether anybody depends on it or not.
	Strict bool
}

// Judge weighs the changes by the consumers. The verdict is Fail where a consumer
// breaks, and, of a change that no consumer at all was given for, where it is
// breaking: without consumers everybody may depend on it. It is Inconclusive where
// nobody breaks, but a breaking change is of what contracts do not speak of: what the
// provider sends by itself.
func Judge(c Case) *Report {
	r := &Report{Schema: Schema, Version: Version, Provider: c.Provider, Strict: c.Strict, New: c.New.Info()}
	if c.Old != nil {
		info := c.Old.Info()
		r.Old = &info
		r.Problems = append(r.Problems, c.Old.Problems...)
	}
	r.Problems = append(r.Problems, c.New.Problems...)
	for i := range c.Changes {
		r.Changes = append(r.Changes, change(&c, &c.Changes[i]))
	}
	for _, k := range c.Contracts {
		r.Consumers = append(r.Consumers, c.consumer(k, "traffic", "call", r.Changes))
	}
	for _, k := range c.Pacts {
		r.Consumers = append(r.Consumers, c.consumer(k, "pact", "interaction", r.Changes))
	}
	slices.SortStableFunc(r.Consumers, func(a, b Consumer) int {
		return cmp.Or(b.Level.rank()-a.Level.rank(), strings.Compare(a.Name, b.Name), strings.Compare(a.Source, b.Source))
	})
	for i := range r.Changes {
		r.Changes[i].weight(r.Consumers)
	}
	slices.SortStableFunc(r.Changes, func(a, b Change) int {
		return cmp.Or(level(a.Level)-level(b.Level), cmp.Compare(len(b.Breaks), len(a.Breaks)))
	})
	r.decide()
	return r
}

func level(l compat.Level) int {
	return slices.Index([]compat.Level{compat.Breaking, compat.Risky, compat.Safe}, l)
}

func change(c *Case, from *compat.Change) Change {
	return Change{
		ID: from.ID, Level: from.Level, Direction: from.Direction, Operation: from.Operation, Status: from.Status,
		MediaType: from.MediaType, At: from.At, Text: from.Text, Old: where(c.Old, from.Old), New: where(c.New, from.New),
	}
}

// consumer weighs everything for one consumer, and notes in the changes that it is
// concerned.
func (c *Case) consumer(k *contract.Contract, source string, of unit, changes []Change) Consumer {
	r := Consumer{Name: k.Consumer, Level: Safe, Source: source, From: k.From, To: k.To, Effects: []Effect{}}
	for i := range k.Interactions {
		r.Calls += k.Interactions[i].Calls
	}
	w := newWeigher(c.Old, c.New, k, of)
	for i := range c.Changes {
		e := w.weigh(&c.Changes[i])
		if e.Level == Safe {
			continue
		}
		changes[i].note(e.Level, k.Consumer)
		r.Effects = append(r.Effects, e)
	}
	r.Effects = append(r.Effects, c.unkept(k, of, r.Effects)...)
	for i := range r.Effects {
		if e := &r.Effects[i]; e.Level != Notice {
			r.Level = worst(r.Level, e.Level)
		}
	}
	slices.SortStableFunc(r.Effects, func(a, b Effect) int {
		return cmp.Or(b.Level.rank()-a.Level.rank(), strings.Compare(a.Operation, b.Operation),
			strings.Compare(a.Status, b.Status), strings.Compare(string(a.At), string(b.At)))
	})
	return r
}

// unkept tells what the new document does not promise, without what the old one
// did not either, and what a change tells already.
func (c *Case) unkept(k *contract.Contract, of unit, told []Effect) []Effect {
	known := make(map[string]bool)
	note := func(e *Effect, rule string) { known[rule+"|"+e.Operation+"|"+string(e.At)] = true }
	for i := range told {
		note(&told[i], "")
	}
	if c.Old != nil {
		before := unkept(c.Old, k, of)
		for i := range before {
			note(&before[i], before[i].Rule+before[i].Status)
		}
	}
	return slices.DeleteFunc(unkept(c.New, k, of), func(e Effect) bool {
		return known["|"+e.Operation+"|"+string(e.At)] || known[e.Rule+e.Status+"|"+e.Operation+"|"+string(e.At)]
	})
}

func (c *Change) note(l Level, consumer string) {
	names := map[Level]*[]string{Breaks: &c.Breaks, Risk: &c.Risks, Notice: &c.Notices}[l]
	if !slices.Contains(*names, consumer) {
		*names = append(*names, consumer)
		slices.Sort(*names)
	}
}

// weight says who depends on a change.
func (c *Change) weight(consumers []Consumer) {
	if len(consumers) == 0 || c.Level == compat.Safe {
		return
	}
	var parts []string
	for _, name := range c.Breaks {
		parts = append(parts, "breaks "+name+" ("+c.effect(consumers, name, Breaks)+")")
	}
	if len(parts) == 0 {
		parts = append(parts, "breaks nobody")
	} else {
		parts = append(parts, "nobody else")
	}
	if len(c.Risks) > 0 {
		parts = append(parts, "a risk for "+list(c.Risks))
	}
	if len(c.Notices) > 0 {
		parts = append(parts, "seen by "+list(c.Notices)+" without a use")
	}
	c.Weight = strings.Join(parts, ", ")
}

func (c *Change) effect(consumers []Consumer, name string, l Level) string {
	for i := range consumers {
		for _, e := range consumers[i].Effects {
			if consumers[i].Name == name && e.Level == l && e.Rule == c.ID && e.Operation == c.Operation && e.At == c.At && e.Status == c.Status {
				return e.Text
			}
		}
	}
	return ""
}

// decide sets the verdict and its reasons.
func (r *Report) decide() {
	r.Verdict = contract.Pass
	breaking, unweighed := 0, 0
	for i := range r.Changes {
		if r.Changes[i].Level == compat.Breaking {
			breaking++
			if r.Changes[i].sent() {
				unweighed++
			}
		}
	}
	for i := range r.Consumers {
		k := &r.Consumers[i]
		if k.Level == Breaks {
			r.Verdict = contract.Fail
			r.Reasons = append(r.Reasons, fmt.Sprintf("breaks %s: it %s", k.Name, k.Effects[0].Text))
		}
	}
	switch {
	case breaking > 0 && len(r.Consumers) == 0:
		r.Verdict = contract.Fail
		r.Reasons = append(r.Reasons, counted(breaking, "breaking change")+", and no consumers were given to weigh them by")
	case breaking > 0 && r.Strict:
		r.Verdict = contract.Fail
		r.Reasons = append(r.Reasons, counted(breaking, "breaking change")+", each of which fails a strict check")
	case unweighed > 0 && r.Verdict == contract.Pass:
		r.Verdict = contract.Inconclusive
		r.Reasons = append(r.Reasons, counted(unweighed, "breaking change")+" of webhooks or callbacks, of which no contract says who takes them: ask these, or decide by --strict")
	case breaking > 0 && r.Verdict == contract.Pass:
		r.Reasons = append(r.Reasons, counted(breaking, "breaking change")+", by which no consumer breaks")
	}
	var risks []string
	for i := range r.Consumers {
		if r.Consumers[i].Level == Risk {
			risks = append(risks, r.Consumers[i].Name)
		}
	}
	if len(risks) > 0 {
		r.Reasons = append(r.Reasons, "a risk for "+list(risks))
	}
	if len(r.Reasons) == 0 {
		r.Reasons = append(r.Reasons, r.quiet())
	}
}

// sent reports whether a change is of what the provider sends by itself.
func (c *Change) sent() bool {
	return strings.HasPrefix(c.Operation, "webhook ") || strings.HasPrefix(c.Operation, "callback ")
}

func (r *Report) quiet() string {
	switch {
	case r.Old != nil && len(r.Consumers) == 0:
		return "no breaking change"
	case r.Old != nil:
		return "no breaking change; " + counted(len(r.Consumers), "consumer") + " safe"
	}
	return "the document promises all that " + counted(len(r.Consumers), "consumer") + " rely on"
}
