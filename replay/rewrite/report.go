package rewrite

import (
	"twinspect.dev/replay"
)

// Report tells what the rules of a file did. It holds no value that was set.
type Report struct {
	File  string       `json:"file"`
	Rules []RuleReport `json:"rules,omitempty"`
	Auth  []AuthReport `json:"auth,omitempty"`
	Dates *DatesReport `json:"dates,omitempty"`
}

// RuleReport is one entry of the section rewrite; it counts requests.
type RuleReport struct {
	Line   int           `json:"line"`
	What   string        `json:"what"`
	Sides  []replay.Side `json:"sides,omitempty"`
	Reason string        `json:"reason,omitempty"`
	Counts
}

// AuthReport is one entry of the section auth.
type AuthReport struct {
	Line   int           `json:"line"`
	What   string        `json:"what"`
	Sides  []replay.Side `json:"sides,omitempty"`
	Reason string        `json:"reason,omitempty"`
	Counts
	// Refreshes counts the tokens that were fetched or signed for the run,
	// Failures the attempts that gave none.
	Refreshes uint64 `json:"refreshes"`
	Failures  uint64 `json:"failures,omitempty"`
	// Unauthorized counts the answers 401 that were not recorded so, Resent the
	// requests that were sent again with another token.
	Unauthorized uint64 `json:"unauthorized,omitempty"`
	Resent       uint64 `json:"resent,omitempty"`
}

// DatesReport is the section dates; its Counts are of requests.
type DatesReport struct {
	Counts
	// Values counts the times that were moved, by their format.
	Values map[string]uint64 `json:"values,omitempty"`
	// Unsigned counts the JSON Web Tokens in Authorization of which the times
	// stay, because there is no key to sign them.
	Unsigned uint64 `json:"unsigned,omitempty"`
}

// Report returns the counts so far. It is nil for nil Rules.
func (r *Rules) Report() *Report {
	if r == nil {
		return nil
	}
	out := &Report{File: r.file}
	for _, x := range r.rules {
		out.Rules = append(out.Rules, RuleReport{Line: x.line, What: x.what(), Sides: x.sides, Reason: x.reason, Counts: x.read()})
	}
	for _, a := range r.auth {
		out.Auth = append(out.Auth, a.report())
	}
	if r.dates != nil {
		out.Dates = r.dates.report()
	}
	return out
}

func (a *auth) report() AuthReport {
	out := AuthReport{
		Line: a.line, What: a.kind + " in " + a.header, Sides: a.sides, Reason: a.reason, Counts: a.read(),
		Unauthorized: a.unauthorized.Load(), Resent: a.resent.Load(),
	}
	if k := a.keeper; k != nil {
		out.Refreshes, out.Failures = k.Counts()
	}
	return out
}

func (x *dates) report() *DatesReport {
	out := &DatesReport{Counts: x.read()}
	x.mu.Lock()
	defer x.mu.Unlock()
	out.Unsigned = x.unsigned
	for f, n := range x.moved {
		if n > 0 {
			if out.Values == nil {
				out.Values = make(map[string]uint64)
			}
			out.Values[formatNames[f]] = n
		}
	}
	return out
}
