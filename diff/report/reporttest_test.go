package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

var began = time.Date(2026, 11, 20, 14, 3, 7, 0, time.UTC)

// emptyReport is a run to which no exchange came.
func emptyReport() *diff.Report {
	return &diff.Report{
		Schema: "twinspect.dev/evidence/diff", Version: diff.SchemaVersion, Tool: "twinspect 0.9.0",
		Started: began, Ended: began.Add(40 * time.Millisecond), Input: "empty.twin",
		Sides:   []diff.SideInfo{{Side: "base", URL: "http://127.0.0.1:8080"}, {Side: "branch", URL: "http://127.0.0.1:8081"}},
		Verdict: diff.Inconclusive, Reasons: []string{"No exchange was compared: the recording holds none."}, ErrorRate: 0.05,
	}
}

// typicalReport is a run of a shop's service: 12 operations, 10 regressions,
// 3 suspects, 40 noise cells.
func typicalReport() *diff.Report {
	r := emptyReport()
	r.Input = "orders-2026-11-19.twin"
	r.Ended = began.Add(3*time.Minute + 21*time.Second)
	r.Verdict = diff.Fail
	r.Reasons = []string{
		"10 regressions in 5 operations are proven at an error rate of 5%.",
		"GET /orders/{id} answers $.total as a number where base answers a string, in 412 of 412 exchanges.",
		"3 suspects need between 25 and 140 more samples to be decided.",
	}
	r.Sides = []diff.SideInfo{
		{Side: "base", URL: "http://orders-base.shop.svc:8080", Asked: 5184, Answered: 5179, Faults: map[string]uint64{"timeout": 5}},
		{Side: "control", URL: "http://orders-base.shop.svc:8080", Asked: 5184, Answered: 5181, Faults: map[string]uint64{"timeout": 2, "reset": 1}},
		{Side: "branch", URL: "http://orders-feature-price.shop.svc:8080", Asked: 5184, Answered: 5166, Faults: map[string]uint64{"timeout": 17, "reset": 1}},
	}
	r.Rules = &diff.RulesInfo{File: "twinspect.yaml", Rules: []diff.RuleInfo{
		{Line: 4, What: "ignore header date", Reason: "the clock", Matched: 5160},
		{Line: 9, What: "class uuid at $.items[*].reservation", Reason: "made anew for each answer", Matched: 873},
		{Line: 15, What: "unordered $.recommendations", Reason: "the ranking is random among equals", Matched: 0},
		{Line: 22, What: "tolerance 0.01 at $.shipping.weight", Reason: "rounded by the scales", Matched: 41},
	}}
	r.Replay = replayed()
	r.Operations = operations()
	r.Differences = append(append(regressions(), suspects()...), noise(40)...)
	r.Account = account()
	return r
}

func replayed() *diff.Replay {
	sides := func(bound, differing, unbound uint64) []diff.LinkSide {
		return []diff.LinkSide{
			{Side: "base", Bound: bound, Differing: differing}, {Side: "branch", Bound: bound - unbound, Differing: differing, Unbound: unbound},
		}
	}
	return &diff.Replay{
		Pace: "100/s..400/s over 2m", Workers: 3,
		Lateness: &diff.Lateness{Planned: 5184, P50: 0.08, P90: 0.4, P99: 2.1, Max: 7.5},
		Lanes:    []diff.Lane{{Side: "base", Lane: "base", Attested: 5179}, {Side: "branch", Lane: "branch", Attested: 5160, Misrouted: 6}},
		Links: []diff.Link{
			{From: "POST /cart header Location", To: "PUT /cart/items/{id} path segment 3", Source: "replay.yaml:7", Sides: sides(40, 40, 2)},
			{From: "POST /orders body $.id", To: "GET /orders/{id} path segment 2", Source: "learned", Sides: sides(812, 790, 0)},
		},
		Rewrites: []diff.Rewrite{{Where: "replay.yaml:12", What: "set header X-Tenant", Changed: 5184}, {Where: "replay.yaml:15", What: "set body $.customer.id", Changed: 61, Left: map[capture.Reason]uint64{"not-json": 3}}},
	}
}

func operations() []diff.Operation {
	names := []string{"GET /orders/{id}", "GET /orders", "POST /orders", "GET /customers/{id}", "GET /products/{sku}",
		"GET /products", "GET /products/{sku}/recommendations", "GET /cart", "PUT /cart/items/{id}", "GET /shipping/quotes",
		"GET /invoices/{id}.pdf", "GET /health"}
	rng := rand.New(rand.NewPCG(7, 11))
	ops := make([]diff.Operation, len(names))
	for i, name := range names {
		n := uint64(900 / (i + 1))
		center := 4 * math.Pow(1.5, float64(i%6))
		ops[i] = diff.Operation{Name: name, Compared: n, Latency: map[string]diff.LatencyInfo{
			"base":    latency(rng, n, center, 0.45),
			"control": latency(rng, n, center*1.01, 0.46),
			"branch":  latency(rng, n, center*[]float64{1.02, 1.6, 0.98, 0.7}[i%4], 0.5),
		}}
	}
	ops[0].Differing, ops[1].Differing, ops[2].Differing, ops[3].Differing, ops[7].Differing = 412, 220, 61, 9, 3
	ops[0].Compared = 412
	ops[2].NotCompared = map[capture.Reason]uint64{"unsafe-method": 188}
	ops[4].NotCompared = map[capture.Reason]uint64{"branch-timeout": 12, "base-timeout": 3}
	ops[11].Latency = nil
	return ops
}

// latency draws n log-normal samples in milliseconds and sums them up.
func latency(rng *rand.Rand, n uint64, center, spread float64) diff.LatencyInfo {
	const perDecade = 24
	counts := map[int]uint64{}
	for range n {
		ms := center * math.Exp(spread*rng.NormFloat64())
		counts[int(math.Ceil(perDecade*math.Log10(ms)))]++
	}
	info := diff.LatencyInfo{Count: n, Min: math.Inf(1)}
	var seen uint64
	for i := -100; i <= 200; i++ {
		if counts[i] == 0 {
			continue
		}
		at := math.Round(1000*math.Pow(10, float64(i)/perDecade)) / 1000
		seen += counts[i]
		info.Buckets = append(info.Buckets, diff.LatencyBucket{UpTo: at, Count: counts[i]})
		info.Min = min(info.Min, at)
		for q, p := range map[float64]*float64{0.5: &info.P50, 0.9: &info.P90, 0.99: &info.P99} {
			if *p == 0 && float64(seen) >= q*float64(n) {
				*p = at
			}
		}
		info.Max = at
	}
	return info
}

func example(i int, method, target, at, base, branch string) diff.Example {
	id := capture.NewID("agent", "10.0.3.7:51234", began, uint64(i))
	return diff.Example{Exchange: id.String(), Method: method, Target: target, At: at, Base: base, Branch: branch}
}

func difference(op string, part diff.Part, path string, kind diff.Kind, n, branch uint64, examples ...diff.Example) diff.Difference {
	return diff.Difference{
		Cell:      diff.Cell{Operation: op, Place: diff.Place{Part: part, Path: path}, Kind: kind},
		Counts:    diff.Counts{N: n, Branch: branch, BranchOnly: branch, Paired: true},
		Judgement: diff.Regression, EValue: math.Pow(1.6, float64(branch)),
		Reason:   fmt.Sprintf("Branch differs from base in %d of %d, control in none.", branch, n),
		Examples: examples,
	}
}

func regressions() []diff.Difference {
	const addressBase = `{"street":"Rue de la Loi 155","city":"Bruxelles","country":"BE","geo":{"lat":50.8466,"lon":4.3528},"lines":["Étage 4","Boîte 12"],"verified":true}`
	const addressBranch = `{"street":"Rue de la Loi 155","city":"Brussels","country":"BE","geo":{"lat":50.8466,"lon":4.35},"lines":["Étage 4"],"verified":true,"source":"import"}`
	return []diff.Difference{
		difference("GET /orders/{id}", diff.Body, "$.total", diff.Retyped, 412, 412,
			example(1, "GET", "/orders/81724?expand=items", "$.total", `"129.90"`, `129.9`),
			example(2, "GET", "/orders/81733", "$.total", `"18.00"`, `18`)),
		difference("GET /orders/{id}", diff.Header, "cache-control", diff.Changed, 412, 409,
			example(3, "GET", "/orders/81724", "cache-control", "private, max-age=60, stale-while-revalidate=30", "private, max-age=0, stale-while-revalidate=30")),
		difference("GET /orders/{id}", diff.Body, "$.items[*].discount", diff.Removed, 412, 131,
			example(4, "GET", "/orders/81750", "$.items[3].discount", `{"code":"AUTUMN","percent":10}`, "")),
		difference("GET /orders", diff.Body, "$.orders", diff.Reordered, 450, 220,
			example(5, "GET", "/orders?customer=5512&sort=-created&limit=20", "$.orders", `["81750","81733","81724"]`, `["81724","81733","81750"]`)),
		difference("GET /orders", diff.Body, "$.next", diff.Class, 450, 118,
			example(6, "GET", "/orders?page=2", "$.next", `"eyJwYWdlIjozfQ"`, `"/orders?page=3"`)),
		difference("GET /orders", diff.Latency, "", diff.Slower, 450, 102,
			example(7, "GET", "/orders?limit=100", "", "18.2 ms", "31.7 ms")),
		difference("POST /orders", diff.Status, "", diff.Changed, 300, 61,
			example(8, "POST", "/orders", "status", "201", "422")),
		difference("GET /customers/{id}", diff.Body, "$.address", diff.Changed, 225, 9,
			example(9, "GET", "/customers/5512", "$.address", addressBase, addressBranch)),
		difference("GET /customers/{id}", diff.Body, "$.loyalty", diff.Added, 225, 9,
			example(10, "GET", "/customers/5512", "$.loyalty", "", `{"tier":"gold","points":1840}`)),
		difference("GET /cart", diff.Body, "text", diff.Malformed, 112, 8,
			example(11, "GET", "/cart", "text", `{"items":[],"note":"<b>empty</b>"}`, `{"items":[],"note":"<b>empty</b>"`)),
	}
}

func suspects() []diff.Difference {
	list := []diff.Difference{
		difference("PUT /cart/items/{id}", diff.Body, "$.warnings[*]", diff.Added, 100, 2,
			example(21, "PUT", "/cart/items/9", "$.warnings[0]", "", `"low stock"`)),
		difference("GET /products/{sku}", diff.Header, "etag", diff.Removed, 180, 1,
			example(22, "GET", "/products/LAMP-2", "etag", `"9f31c"`, "")),
		difference("GET /cart", diff.Body, "$.currency", diff.Changed, 112, 3,
			example(23, "GET", "/cart", "$.currency", `"EUR"`, `"eur"`)),
	}
	for i := range list {
		list[i].Judgement, list[i].EValue = diff.Suspect, 1.5+float64(i)
		list[i].MoreSamples = []uint64{140, 60, 25}[i]
		list[i].Reason = "Branch differs and control does not, but too rarely to tell from chance."
	}
	return list
}

func noise(n int) []diff.Difference {
	paths := []struct{ part, path, class, base, branch string }{
		{"body", "$.requestId", "uuid", `"0b0e7f7e-6f5c-4d5a-9a46-5f1f0c3c2f11"`, `"c8a4f5b3-10a8-4d29-8f5e-6a3d3a7d9a02"`},
		{"body", "$.generatedAt", "time", `"2026-11-20T14:03:09Z"`, `"2026-11-20T14:03:10Z"`},
		{"header", "x-request-id", "uuid", "4f0c", "77aa"},
		{"body", "$.items[*].stock", "number", "41", "40"},
	}
	ops := operations()
	list := make([]diff.Difference, n)
	for i := range list {
		p := paths[i/len(ops)%len(paths)]
		d := difference(ops[i%len(ops)].Name, diff.Part(p.part), p.path, diff.Changed, 180, 177,
			example(100+i, "GET", "/orders/81724", p.path, p.base, p.branch))
		d.Control, d.BranchOnly, d.ControlOnly = 178, 2, 3
		d.Judgement, d.EValue, d.Learned = diff.Noise, 0.4, p.class
		d.Reason = "Base differs from itself as often: 178 of 180."
		d.Examples[0].Control = p.base
		list[i] = d
	}
	return list
}

func account() capture.Account {
	return capture.Account{
		{Name: "packets", Unit: "frames", Stats: capture.Stats{Seen: 412338, Written: 411902, Filtered: map[capture.Reason]uint64{"other-port": 420}, Dropped: map[capture.Reason]uint64{"kernel-drop": 16}}},
		{Name: "streams", Unit: "segments", Stats: capture.Stats{Seen: 411902, Written: 398110, Filtered: map[capture.Reason]uint64{"no-payload": 13640}, Dropped: map[capture.Reason]uint64{"retransmission": 149, "gap": 3}}},
		{Name: "exchanges", Unit: "exchanges", Stats: capture.Stats{Seen: 6010, Written: 6001, Dropped: map[capture.Reason]uint64{"gap": 3, "mid-connection": 6}}},
		{Name: "sample", Unit: "exchanges", Stats: capture.Stats{Seen: 6001, Written: 5372, Filtered: map[capture.Reason]uint64{"quota": 629}}},
		{Name: "replay", Unit: "exchanges", Stats: capture.Stats{Seen: 5372, Written: 5184, Filtered: map[capture.Reason]uint64{"unsafe-method": 188}}},
		{Name: "diff", Unit: "outcomes", Stats: capture.Stats{Seen: 5184, Written: 5160, Dropped: map[capture.Reason]uint64{"branch-timeout": 17, "base-timeout": 5, "branch-reset": 1, "control-reset": 1}}},
	}
}

// largeReport has n differences over 200 operations: a tenth regressions, a
// tenth suspects.
func largeReport(n int) *diff.Report {
	r := typicalReport()
	r.Operations = nil
	for i := range 200 {
		op := operations()[i%12]
		op.Name = fmt.Sprintf("%s v%d", op.Name, i/12)
		r.Operations = append(r.Operations, op)
	}
	r.Differences = nil
	templates := append(regressions(), suspects()...)
	for i := range n {
		d := templates[i%len(templates)]
		d.Operation = r.Operations[i%200].Name
		d.Path = fmt.Sprintf("%s.f%d", d.Path, i)
		switch {
		case i < n/10:
			d.Judgement = diff.Regression
		case i < n/5:
			d.Judgement = diff.Suspect
		default:
			d.Judgement = diff.Noise
		}
		r.Differences = append(r.Differences, d)
	}
	return r
}
