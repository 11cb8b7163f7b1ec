package release_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

const (
	image   = "sha256:branch"
	running = "sha256:base"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func policy() *release.Policy {
	p := &release.Policy{Name: "catalog", Digest: "sha256:policy", Services: []string{"cat*"}, Skew: time.Minute,
		Budget:    release.Budget{FalseRollback: 0.01, FalsePromote: 0.01, MaxTraffic: 0.1},
		Overrides: release.OverridePolicy{By: []string{"ada"}, Max: 24 * time.Hour},
		Canary:    &release.CanaryPolicy{Metrics: []release.MetricPolicy{{Line: 40, Name: "errors", Allowed: 0.005, MinSamples: 100}}}}
	for i, k := range release.Kinds {
		p.Requirements = append(p.Requirements, release.Requirement{Kind: k, Line: 10 + i, MaxAge: 24 * time.Hour,
			MinSamples: 100, MaxLost: 0.01, MaxMissed: 0.1, SelfCheck: true})
	}
	return p
}

// only is the policy with the requirement of one kind.
func only(k release.Kind) *release.Policy {
	p := policy()
	for _, r := range policy().Requirements {
		if r.Kind == k {
			p.Requirements = []release.Requirement{r}
		}
	}
	return p
}

func good(k release.Kind) release.Evidence {
	e := release.Evidence{ID: "sha256:" + string(k), Kind: k, Subject: release.Subject{Service: "catalog", Digest: image, BaseDigest: running},
		Started: now.Add(-2 * time.Hour), Ended: now.Add(-time.Hour), Outcome: release.Pass, Samples: 1000,
		Operations: []release.Operation{{Name: "GET /products", Samples: 600}, {Name: "GET /products/{id}", Samples: 400}},
		Losses:     release.Losses{Seen: 1000, Lost: 2}}
	switch k {
	case release.Diff:
		e.SelfCheck = &release.SelfCheck{Mutations: 200, Missed: 4}
	case release.Canary:
		e.Metrics = []release.MetricResult{{Name: "errors", Trend: release.Safe, Unit: "share", Allowed: 0.005, CanarySamples: 1000, Text: "no worse"}}
	}
	return e
}

func question() release.Question {
	return release.Question{Subject: release.Subject{Service: "catalog", Digest: image, BaseDigest: running}, At: now}
}

func complete() release.Case {
	c := release.Case{Question: question()}
	for _, k := range release.Kinds {
		c.Evidence = append(c.Evidence, good(k))
	}
	return c
}

func override(d release.Decision) release.Override {
	return release.Override{ID: "o1", Service: "catalog", Digest: image, Decision: d, By: "ada", Reason: "known and harmless",
		From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
}

// codes are those of the reasons that call for the verdict.
func codes(v release.Verdict) []release.Code {
	var codes []release.Code
	for _, r := range v.Reasons {
		if r.Decision == v.Decision {
			codes = append(codes, r.Code)
		}
	}
	return codes
}

// sound checks what holds for every verdict.
func sound(t require.TestingT, v release.Verdict) {
	require.NotEmpty(t, v.Reasons)
	require.Equal(t, v.Decision, v.Reasons[0].Decision, "%+v", v)
	for _, r := range v.Reasons {
		require.NotEmpty(t, r.Code)
		require.NotEmpty(t, r.Text)
		if r.Decision != release.Promote {
			require.NotEmpty(t, r.Change, "%+v", r)
		}
	}
	require.True(t, v.MaxWeight >= 0 && v.MaxWeight <= 1, "%v", v.MaxWeight)
	require.False(t, v.Decision == release.Rollback && v.MaxWeight != 0)
	require.True(t, v.Until.IsZero() || v.Until.After(v.At))
}

func TestCompleteEvidencePromotes(t *testing.T) {
	v := release.Decide(policy(), complete())
	sound(t, v)
	assert.Equal(t, release.Promote, v.Decision)
	assert.Equal(t, []release.Code{release.Passed, release.Passed, release.Passed, release.Passed}, codes(v))
	assert.Equal(t, release.PolicyRef{Name: "catalog", Digest: "sha256:policy"}, v.Policy)
	assert.Equal(t, 1.0, v.MaxWeight)
	assert.Equal(t, now.Add(23*time.Hour), v.Until, "when the evidence goes stale")
	for i, r := range v.Reasons {
		assert.Equal(t, "sha256:"+string(release.Kinds[i]), r.Evidence)
		assert.Equal(t, 10+i, r.Line)
	}
}

// single is one thing that is done to a case that would promote.
type single struct {
	kind   release.Kind // the one required, diff where it is not told
	policy func(*release.Policy, *release.Requirement)
	edit   func(*release.Evidence)
	ask    func(*release.Case)
	want   release.Decision
	code   release.Code
}

func (s single) run(t *testing.T) {
	kind := s.kind
	if kind == "" {
		kind = release.Diff
	}
	p, e := only(kind), good(kind)
	if s.policy != nil {
		s.policy(p, &p.Requirements[0])
	}
	if s.edit != nil {
		s.edit(&e)
	}
	c := release.Case{Question: question(), Evidence: []release.Evidence{e}}
	if s.ask != nil {
		s.ask(&c)
	}
	v := release.Decide(p, c)
	sound(t, v)
	assert.Equal(t, s.want, v.Decision, "%+v", v.Reasons)
	assert.Contains(t, codes(v), s.code, "%+v", v.Reasons)
}

func lets(rule release.OperationRule) func(*release.Policy, *release.Requirement) {
	return func(_ *release.Policy, r *release.Requirement) { r.Operations = append(r.Operations, rule) }
}

func regressed(e *release.Evidence) {
	e.Outcome = release.Fail
	e.Operations[0].Regressions = 3
	e.Operations[0].Texts = []string{"price is missing"}
}

func TestWhatEvidenceCallsFor(t *testing.T) {
	known := release.OperationRule{Line: 20, Match: "GET /products", MaxRegressions: 3, MaxSuspects: -1, Reason: "the price moved"}
	for name, tt := range map[string]single{
		"a pass":                       {want: release.Promote, code: release.Passed},
		"a proven regression":          {edit: regressed, want: release.Rollback, code: release.Failed},
		"a failure without operations": {edit: func(e *release.Evidence) { e.Outcome = release.Fail }, want: release.Rollback, code: release.Failed},
		"a pass that lists regressions": {edit: func(e *release.Evidence) { regressed(e); e.Outcome = release.Pass },
			want: release.Rollback, code: release.Failed},
		"regressions that are let through":       {policy: lets(known), edit: regressed, want: release.Promote, code: release.Passed},
		"a pass whose regressions are":           {policy: lets(known), edit: func(e *release.Evidence) { regressed(e); e.Outcome = release.Pass }, want: release.Promote, code: release.Passed},
		"more than are let through":              {policy: lets(known), edit: func(e *release.Evidence) { regressed(e); e.Operations[0].Regressions = 4 }, want: release.Rollback, code: release.Failed},
		"others than are let through":            {policy: lets(known), edit: func(e *release.Evidence) { regressed(e); e.Operations[1].Regressions = 1 }, want: release.Rollback, code: release.Failed},
		"let through without a reason":           {policy: lets(release.OperationRule{Match: "*", MaxRegressions: 9}), edit: regressed, want: release.Rollback, code: release.Failed},
		"let through for another service":        {policy: lets(release.OperationRule{Service: "basket", Match: "*", MaxRegressions: 9, Reason: "x"}), edit: regressed, want: release.Rollback, code: release.Failed},
		"let through until now":                  {policy: lets(release.OperationRule{Match: "*", MaxRegressions: 9, Reason: "x", Until: now}), edit: regressed, want: release.Rollback, code: release.Failed},
		"let through until later":                {policy: lets(release.OperationRule{Service: "c*", Match: "*", MaxRegressions: 9, Reason: "x", Until: now.Add(1)}), edit: regressed, want: release.Promote, code: release.Passed},
		"a failure that hid suspects":            {policy: lets(known), edit: func(e *release.Evidence) { regressed(e); e.Operations[1].Suspects = 1 }, want: release.Hold, code: release.Thin},
		"a failure that hid what was not seen":   {policy: lets(known), edit: func(e *release.Evidence) { regressed(e); e.Operations[1].Samples = 0 }, want: release.Hold, code: release.Thin},
		"a failure that lost too much":           {edit: func(e *release.Evidence) { regressed(e); e.Losses.Lost = 999 }, want: release.Rollback, code: release.Failed},
		"a failure on few samples":               {edit: func(e *release.Evidence) { regressed(e); e.Samples = 3 }, want: release.Rollback, code: release.Failed},
		"what is let through, and lost too much": {policy: lets(known), edit: func(e *release.Evidence) { regressed(e); e.Losses.Lost = 999 }, want: release.Hold, code: release.Lossy},
		"inconclusive":                           {edit: func(e *release.Evidence) { e.Outcome = release.Inconclusive }, want: release.Hold, code: release.Unproven},
		"interrupted":                            {edit: func(e *release.Evidence) { e.Outcome = release.Interrupted }, want: release.Hold, code: release.Unproven},
		"interrupted with regressions":           {edit: func(e *release.Evidence) { regressed(e); e.Outcome = release.Interrupted }, want: release.Hold, code: release.Unproven},
		"an outcome that is none":                {edit: func(e *release.Evidence) { e.Outcome = "PASS" }, want: release.Hold, code: release.Unproven},
		"no document":                            {edit: func(e *release.Evidence) { e.ID = "" }, want: release.Hold, code: release.Unproven},
		"too few samples":                        {edit: func(e *release.Evidence) { e.Samples = 99 }, want: release.Hold, code: release.Thin},
		"samples enough":                         {edit: func(e *release.Evidence) { e.Samples = 100 }, want: release.Promote, code: release.Passed},
		"nothing at all where little is asked":   {policy: func(_ *release.Policy, r *release.Requirement) { r.MinSamples = 0 }, edit: func(e *release.Evidence) { e.Samples = 0 }, want: release.Hold, code: release.Thin},
		"an operation with too few samples":      {policy: lets(release.OperationRule{Match: "*", MinSamples: 401, MaxSuspects: -1}), want: release.Hold, code: release.Thin},
		"an operation that was not seen":         {policy: lets(release.OperationRule{Match: "POST *", Required: true}), want: release.Hold, code: release.Thin},
		"an operation that was":                  {policy: lets(release.OperationRule{Match: "GET *", Required: true}), want: release.Promote, code: release.Passed},
		"suspects":                               {edit: func(e *release.Evidence) { e.Operations[1].Suspects = 2 }, want: release.Promote, code: release.Passed},
		"more suspects than are let through":     {policy: lets(release.OperationRule{Match: "*", MaxSuspects: 1}), edit: func(e *release.Evidence) { e.Operations[1].Suspects = 2 }, want: release.Hold, code: release.Thin},
		"too much lost":                          {edit: func(e *release.Evidence) { e.Losses.Lost = 11 }, want: release.Hold, code: release.Lossy},
		"lost as much as may be":                 {edit: func(e *release.Evidence) { e.Losses.Lost = 10 }, want: release.Promote, code: release.Passed},
		"more lost than seen":                    {policy: func(_ *release.Policy, r *release.Requirement) { r.MaxLost = 1 }, edit: func(e *release.Evidence) { e.Losses.Lost = 1001 }, want: release.Hold, code: release.Lossy},
		"no account":                             {edit: func(e *release.Evidence) { e.Losses = release.Losses{} }, want: release.Promote, code: release.Passed},
		"no self-check":                          {edit: func(e *release.Evidence) { e.SelfCheck = nil }, want: release.Hold, code: release.Blind},
		"a self-check of nothing":                {edit: func(e *release.Evidence) { e.SelfCheck = &release.SelfCheck{} }, want: release.Hold, code: release.Blind},
		"no self-check where none is asked for":  {policy: func(_ *release.Policy, r *release.Requirement) { r.SelfCheck = false }, edit: func(e *release.Evidence) { e.SelfCheck = nil }, want: release.Promote, code: release.Passed},
		"too blind":                              {edit: func(e *release.Evidence) { e.SelfCheck.Missed = 21 }, want: release.Hold, code: release.Blind},
		"more missed than made":                  {policy: func(_ *release.Policy, r *release.Requirement) { r.MaxMissed = 1 }, edit: func(e *release.Evidence) { e.SelfCheck.Missed = 201 }, want: release.Hold, code: release.Blind},
		"a provider needs no self-check":         {kind: release.Provider, want: release.Promote, code: release.Passed},
	} {
		t.Run(name, tt.run)
	}
}

func TestWhatACanaryCallsFor(t *testing.T) {
	metric := func(change func(*release.MetricResult)) func(*release.Evidence) {
		return func(e *release.Evidence) { change(&e.Metrics[0]) }
	}
	for name, tt := range map[string]single{
		"safe":                     {want: release.Promote, code: release.Passed},
		"worse":                    {edit: metric(func(m *release.MetricResult) { m.Trend = release.Worse }), want: release.Rollback, code: release.Failed},
		"worse and failed":         {edit: func(e *release.Evidence) { e.Metrics[0].Trend, e.Outcome = release.Worse, release.Fail }, want: release.Rollback, code: release.Failed},
		"undecided":                {edit: metric(func(m *release.MetricResult) { m.Trend, m.More = release.Undecided, 700 }), want: release.Hold, code: release.Unproven},
		"undecided for ever":       {edit: metric(func(m *release.MetricResult) { m.Trend = release.Undecided }), want: release.Hold, code: release.Unproven},
		"a trend that is none":     {edit: metric(func(m *release.MetricResult) { m.Trend = "fine" }), want: release.Hold, code: release.Unproven},
		"safe by what is none":     {edit: metric(func(m *release.MetricResult) { m.Upper = math.NaN() }), want: release.Hold, code: release.Unproven},
		"safe by what is infinite": {edit: metric(func(m *release.MetricResult) { m.ESafe = math.Inf(1) }), want: release.Promote, code: release.Passed},
		"judged by a looser bound": {edit: metric(func(m *release.MetricResult) { m.Allowed = 0.5 }), want: release.Hold, code: release.Unproven},
		"judged by a NaN":          {edit: metric(func(m *release.MetricResult) { m.Allowed = math.NaN() }), want: release.Hold, code: release.Unproven},
		"too few requests":         {edit: metric(func(m *release.MetricResult) { m.CanarySamples = 99 }), want: release.Hold, code: release.Thin},
		"another metric":           {edit: metric(func(m *release.MetricResult) { m.Name = "latency" }), want: release.Hold, code: release.Missing},
		"no metric":                {policy: func(p *release.Policy, _ *release.Requirement) { p.Canary = nil }, edit: func(e *release.Evidence) { e.Metrics = nil }, want: release.Hold, code: release.Thin},
		"any where none is named":  {policy: func(p *release.Policy, _ *release.Requirement) { p.Canary = nil }, want: release.Promote, code: release.Passed},
		"a capacity that is none":  {edit: func(e *release.Evidence) { e.MaxWeight = math.NaN() }, want: release.Hold, code: release.Unproven},
		"a capacity below nothing": {edit: func(e *release.Evidence) { e.MaxWeight = -1 }, want: release.Hold, code: release.Unproven},
	} {
		tt.kind = release.Canary
		t.Run(name, tt.run)
	}
}

func TestWhatIsAdmitted(t *testing.T) {
	signed := func(by ...string) func(*release.Policy, *release.Requirement) {
		return func(_ *release.Policy, r *release.Requirement) { r.Signed, r.Signers = true, by }
	}
	for name, tt := range map[string]single{
		"of another service":                {edit: func(e *release.Evidence) { e.Subject.Service = "basket" }, want: release.Hold, code: release.Missing},
		"of another kind":                   {edit: func(e *release.Evidence) { e.Kind = release.Provider }, want: release.Hold, code: release.Missing},
		"of a kind that is none":            {edit: func(e *release.Evidence) { e.Kind = "DIFF" }, want: release.Hold, code: release.Unproven},
		"of another image":                  {edit: func(e *release.Evidence) { e.Subject.Digest = "sha256:x" }, want: release.Hold, code: release.Foreign},
		"of no image":                       {edit: func(e *release.Evidence) { e.Subject.Digest = "" }, want: release.Hold, code: release.Foreign},
		"against another base":              {edit: func(e *release.Evidence) { e.Subject.BaseDigest = "sha256:x" }, want: release.Hold, code: release.Foreign},
		"against no base":                   {edit: func(e *release.Evidence) { e.Subject.BaseDigest = "" }, want: release.Hold, code: release.Foreign},
		"against any base":                  {policy: func(_ *release.Policy, r *release.Requirement) { r.AnyBase = true }, edit: func(e *release.Evidence) { e.Subject.BaseDigest = "sha256:x" }, want: release.Promote, code: release.Passed},
		"nobody knows what is running":      {ask: func(c *release.Case) { c.Subject.BaseDigest = "" }, want: release.Promote, code: release.Passed},
		"a contract against no base":        {kind: release.Provider, edit: func(e *release.Evidence) { e.Subject.BaseDigest = "" }, want: release.Promote, code: release.Passed},
		"a contract against another base":   {kind: release.Provider, edit: func(e *release.Evidence) { e.Subject.BaseDigest = "sha256:x" }, want: release.Hold, code: release.Foreign},
		"a moment before it is too old":     {edit: func(e *release.Evidence) { e.Ended = now.Add(1 - 24*time.Hour) }, want: release.Promote, code: release.Passed},
		"too old":                           {edit: func(e *release.Evidence) { e.Ended = now.Add(-24 * time.Hour) }, want: release.Hold, code: release.Stale},
		"as old as it likes":                {policy: func(_ *release.Policy, r *release.Requirement) { r.MaxAge = 0 }, edit: func(e *release.Evidence) { e.Ended = now.AddDate(-9, 0, 0) }, want: release.Promote, code: release.Passed},
		"it does not say how old it is":     {policy: func(_ *release.Policy, r *release.Requirement) { r.MaxAge = 0 }, edit: func(e *release.Evidence) { e.Ended = time.Time{} }, want: release.Hold, code: release.Stale},
		"within the skew":                   {edit: func(e *release.Evidence) { e.Ended = now.Add(time.Minute) }, want: release.Promote, code: release.Passed},
		"from later than now":               {edit: func(e *release.Evidence) { e.Ended = now.Add(time.Minute + 1) }, want: release.Hold, code: release.Future},
		"filed later than now":              {edit: func(e *release.Evidence) { e.Received = now.Add(time.Minute + 1) }, want: release.Hold, code: release.Future},
		"filed before it ended":             {edit: func(e *release.Evidence) { e.Received = e.Ended.Add(-time.Minute - 1) }, want: release.Hold, code: release.Future},
		"not signed":                        {policy: signed(), want: release.Hold, code: release.Unsigned},
		"signed":                            {policy: signed(), edit: func(e *release.Evidence) { e.Signer = "ci" }, want: release.Promote, code: release.Passed},
		"signed by another":                 {policy: signed("ci", "cd"), edit: func(e *release.Evidence) { e.Signer = "eve" }, want: release.Hold, code: release.Unsigned},
		"signed by one of them":             {policy: signed("ci", "cd"), edit: func(e *release.Evidence) { e.Signer = "cd" }, want: release.Promote, code: release.Passed},
		"a failure that is not signed":      {policy: signed(), edit: regressed, want: release.Hold, code: release.Unsigned},
		"a failure of another image":        {edit: func(e *release.Evidence) { regressed(e); e.Subject.Digest = "sha256:x" }, want: release.Hold, code: release.Foreign},
		"a failure that is too old":         {edit: func(e *release.Evidence) { regressed(e); e.Ended = now.AddDate(0, 0, -9) }, want: release.Hold, code: release.Stale},
		"nothing":                           {ask: func(c *release.Case) { c.Evidence = nil }, want: release.Hold, code: release.Missing},
		"nothing where nothing is required": {policy: func(_ *release.Policy, r *release.Requirement) { r.Optional = true }, ask: func(c *release.Case) { c.Evidence = nil }, want: release.Hold, code: release.Missing},
		"a failure where nothing is":        {policy: func(_ *release.Policy, r *release.Requirement) { r.Optional = true }, edit: regressed, want: release.Rollback, code: release.Failed},
	} {
		t.Run(name, tt.run)
	}
}

func TestTheQuestionMustBeWhole(t *testing.T) {
	for name, tt := range map[string]single{
		"no service":               {ask: func(c *release.Case) { c.Subject.Service = "" }, want: release.Hold, code: release.Unknown},
		"no image":                 {ask: func(c *release.Case) { c.Subject.Digest, c.Evidence[0].Subject.Digest = "", "" }, want: release.Hold, code: release.Unknown},
		"no time":                  {ask: func(c *release.Case) { c.At = time.Time{} }, want: release.Hold, code: release.Unknown},
		"another service's policy": {ask: func(c *release.Case) { c.Subject.Service, c.Evidence[0].Subject.Service = "basket", "basket" }, want: release.Hold, code: release.Unknown},
		"a policy for no service":  {policy: func(p *release.Policy, _ *release.Requirement) { p.Services = nil }, want: release.Hold, code: release.Unknown},
		"a weight that is none":    {ask: func(c *release.Case) { c.Weight = math.NaN() }, want: release.Hold, code: release.Unknown},
		"a weight below nothing":   {ask: func(c *release.Case) { c.Weight = -0.1 }, want: release.Hold, code: release.Unknown},
		"a weight above all":       {ask: func(c *release.Case) { c.Weight = 1.1 }, want: release.Hold, code: release.Unknown},
		"no requirement":           {policy: func(p *release.Policy, _ *release.Requirement) { p.Requirements = nil }, want: release.Hold, code: release.Unknown},
		"a requirement of no kind": {policy: func(p *release.Policy, r *release.Requirement) {
			p.Requirements = append([]release.Requirement{*r}, *r)
			p.Requirements[0].Kind = "load"
		}, want: release.Hold, code: release.Unknown},
		"a bound that is none":       {policy: func(_ *release.Policy, r *release.Requirement) { r.MaxLost = math.NaN() }, want: release.Hold, code: release.Unknown},
		"a budget that is none":      {policy: func(p *release.Policy, _ *release.Requirement) { p.Budget.MaxTraffic = math.NaN() }, want: release.Hold, code: release.Unknown},
		"it does not hide a failure": {edit: regressed, ask: func(c *release.Case) { c.Weight = math.Inf(1) }, want: release.Rollback, code: release.Failed},
	} {
		t.Run(name, tt.run)
	}
	v := release.Decide(nil, complete())
	sound(t, v)
	assert.Equal(t, release.Hold, v.Decision)
	assert.Equal(t, []release.Code{release.Unknown}, codes(v))
}

func stop(from, until time.Duration) release.Stop {
	return release.Stop{ID: "s1", Services: []string{"c*"}, By: "grace", Reason: "an incident", From: now.Add(from), Until: now.Add(until)}
}

func TestWhatHoldsWhateverTheEvidenceSays(t *testing.T) {
	stops := func(s release.Stop) func(*release.Case) {
		return func(c *release.Case) { c.Stops = []release.Stop{s} }
	}
	freeze := func(w window.Window) func(*release.Policy, *release.Requirement) {
		return func(p *release.Policy, _ *release.Requirement) { p.Freeze = []window.Window{w} }
	}
	lasting, everywhere, elsewhere := stop(-1, 1), stop(-1, 1), stop(-1, 1)
	lasting.Until = time.Time{}
	everywhere.Services = nil
	elsewhere.Services = []string{"basket"}
	open := window.Window{Name: "sale", From: now, To: now.Add(1), Line: 50}
	away := open
	away.Services = []string{"basket"}
	faults := func(c *release.Case) { c.Faults = []string{"prometheus: connection refused"} }
	for name, tt := range map[string]single{
		"a stop":               {ask: stops(stop(-1, 1)), want: release.Hold, code: release.Stopped},
		"a stop from now":      {ask: stops(stop(0, 1)), want: release.Hold, code: release.Stopped},
		"a stop till now":      {ask: stops(stop(-1, 0)), want: release.Promote, code: release.Passed},
		"a stop from later":    {ask: stops(stop(1, 2)), want: release.Promote, code: release.Passed},
		"a stop that lasts":    {ask: stops(lasting), want: release.Hold, code: release.Stopped},
		"a stop of everything": {ask: stops(everywhere), want: release.Hold, code: release.Stopped},
		"a stop elsewhere":     {ask: stops(elsewhere), want: release.Promote, code: release.Passed},
		"a freeze":             {policy: freeze(open), want: release.Hold, code: release.Frozen},
		"a freeze elsewhere":   {policy: freeze(away), want: release.Promote, code: release.Passed},
		"a freeze to come":     {policy: freeze(window.Window{From: now.Add(1), To: now.Add(2)}), want: release.Promote, code: release.Passed},
		"a fault":              {ask: faults, want: release.Hold, code: release.Faulty},
		"a stop and a failure": {edit: regressed, ask: stops(lasting), want: release.Rollback, code: release.Failed},
		"a freeze and one":     {edit: regressed, policy: freeze(open), want: release.Rollback, code: release.Failed},
		"a fault and one":      {edit: regressed, ask: faults, want: release.Rollback, code: release.Failed},
		"a fault and an override": {ask: func(c *release.Case) {
			faults(c)
			c.Overrides = []release.Override{override(release.Promote)}
		}, want: release.Hold, code: release.Faulty},
		"a stop and an override": {ask: func(c *release.Case) {
			stops(lasting)(c)
			c.Overrides = []release.Override{override(release.Promote)}
		}, want: release.Hold, code: release.Stopped},
		"a freeze and an override": {policy: freeze(open), ask: func(c *release.Case) {
			c.Overrides = []release.Override{override(release.Promote)}
		}, want: release.Promote, code: release.Overridden},
	} {
		t.Run(name, tt.run)
	}
}
