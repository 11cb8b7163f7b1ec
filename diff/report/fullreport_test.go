package report_test

import (
	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// fullReport is typicalReport with everything that evidence 1.2 can say.
func fullReport() *diff.Report {
	r := typicalReport()
	r.Reasons[2] = "1 suspect is left after asking again; it needs 140 more samples to be decided."
	r.Rules = ruled()
	r.Differences = append(append(append(judgedRegressions(), suspects()[:1]...), accepted()...), explainedNoise()...)
	for i := range r.Differences {
		d := &r.Differences[i]
		d.BranchSessions, d.ControlSessions = (d.BranchOnly+2)/3, (d.ControlOnly+2)/3
	}
	r.Troubles = []diff.Trouble{
		{Category: diff.CauseRegression, Remedy: diff.Escalate, Count: 11, Unit: "differences", What: "Branch answers otherwise than base, and base does not differ from itself: show it to those who changed the branch.", Operations: []string{"GET /cart", "GET /customers/{id}", "GET /orders", "GET /orders/{id}", "POST /orders"}},
		{Category: diff.CauseEnvironment, Remedy: diff.Retry, Count: 24, Unit: "outcomes", What: "A side did not answer in time or reset the connection: run again once the sides are up.", Operations: []string{"GET /products/{sku}"}},
		{Category: diff.CauseMisrouted, Remedy: diff.Configure, Count: 6, Unit: "outcomes", What: "The answer came from another version than the one that was asked: mend the routes.", Operations: []string{"GET /cart"}},
		{Category: diff.CauseCredentials, Remedy: diff.Refresh, Count: 1, Unit: "outcomes", What: "All sides refused the credentials, which had expired: get new ones, or record anew.", Operations: []string{"GET /invoices/{id}.pdf"}},
		{Category: diff.CauseData, Remedy: diff.Configure, Count: 57, Unit: "outcomes", What: "What was asked for is missing on all sides: give the environment the data of the recording.", Operations: []string{"GET /customers/{id}", "GET /invoices/{id}.pdf"}},
	}
	r.SelfCheck = selfChecked()
	r.Confirmation = &diff.Confirmation{Exchanges: 40, Times: 10, Suspects: 17, Left: 1, NotSeenAgain: 5, NotAsked: map[capture.Reason]uint64{"unsafe-method": 1}}
	r.Profile = &diff.ProfileInfo{File: "orders.noise.json", Runs: 12, Cells: 96, Explained: 3}
	return r
}

func judgedRegressions() []diff.Difference {
	list := regressions()
	for i := range list {
		list[i].Category, list[i].Remedy = diff.CauseRegression, diff.Escalate
	}
	list[5].Path = "p95"
	list[6].Location = &diff.Location{
		Service: "pricing", Span: "GET /price", What: "500 where base has 200",
		Path:     []string{"orders POST /orders", "cart GET /cart/{id}", "pricing GET /price"},
		Exchange: list[6].Examples[0].Exchange, BaseTrace: "4bf92f3577b34da6a3ce929d0e0e4736", BranchTrace: "00f067aa0ba902b7a3ce929d0e0e4736",
		Same: 60, Of: 61,
	}
	calls := difference("GET /orders", diff.Call, "inventory GET /stock/{sku}", diff.Repeated, 450, 77,
		example(31, "GET", "/orders?customer=5512", "orders GET /orders → inventory GET /stock/{sku}", "1 call", "20 calls"))
	calls.Category, calls.Remedy = diff.CauseRegression, diff.Escalate
	calls.Location = &diff.Location{
		Service: "inventory", Span: "GET /stock/{sku}", What: "called 20 times where base calls it once",
		Path: []string{"orders GET /orders", "inventory GET /stock/{sku}"}, Exchange: calls.Examples[0].Exchange,
		BaseTrace: "a2fb4a1d1a96d312a3ce929d0e0e4736", BranchTrace: "1a2b3c4d1a96d312a3ce929d0e0e4736", Same: 77, Of: 77,
	}
	moved := difference("GET /customers/{id}", diff.Body, "$.phone", diff.Moved, 225, 8,
		example(32, "GET", "/customers/5512", "$.phone", `"+32 2 555 01 23"`, `"+32 2 555 01 23" at $.contact.phone`))
	moved.Category, moved.Remedy = diff.CauseRegression, diff.Escalate
	return append(append(list[:6:6], calls), append(list[6:], moved)...)
}

func accepted() []diff.Difference {
	list := []diff.Difference{
		difference("GET /products", diff.Body, "$.total_count", diff.Added, 150, 150,
			example(41, "GET", "/products?page=1", "$.total_count", "", "1312")),
		difference("GET /products", diff.Header, "deprecation", diff.Added, 150, 88,
			example(42, "GET", "/products?page=2", "deprecation", "", "true")),
	}
	by := []diff.Acceptance{
		{Where: "twinspect.accepted.yaml:3", By: "Ines Maes", Reason: "The list tells its length from 2.4 on (SHOP-1841).", Expires: "2026-12-31"},
		{Where: "twinspect.accepted.yaml:9", By: "Jonas Weber", Reason: "The old list is to go in spring.", Expires: "2027-03-01"},
	}
	for i := range list {
		list[i].Judgement, list[i].Category, list[i].Accepted = diff.Accepted, diff.CauseRegression, &by[i]
	}
	return list
}

// explainedNoise is noise of this run, of earlier ones, and of the environment.
func explainedNoise() []diff.Difference {
	list := noise(40)
	for i := range list {
		list[i].Category = diff.CauseNoise
	}
	for i := range 3 {
		d := &list[37+i]
		d.Control, d.ControlOnly, d.Reason = 0, 0, "Base differed from itself here in 9 of 12 earlier runs."
	}
	gateway := difference("GET /products/{sku}", diff.Status, "", diff.Changed, 180, 12,
		example(51, "GET", "/products/LAMP-2", "status", "200", "503"))
	gateway.Judgement, gateway.EValue, gateway.Category, gateway.Remedy = diff.Noise, 3.1, diff.CauseEnvironment, diff.Retry
	gateway.Reason = "A gateway answered 503 in branch's place in 12 of 180."
	return append(list, gateway)
}

func ruled() *diff.RulesInfo {
	return &diff.RulesInfo{File: "twinspect.yaml", Rules: []diff.RuleInfo{
		{Line: 4, What: "ignore header date", Reason: "the clock", Matched: 5160, Branch: 2571, Control: 2589},
		{Line: 9, What: "class uuid at $.items[*].reservation", Reason: "made anew for each answer", Matched: 873, Branch: 440, Control: 433, Expires: "2027-06-30"},
		{Line: 15, What: "unordered $.recommendations", Reason: "the ranking is random among equals", Problems: []string{"It matched nothing in this run."}},
		{Line: 22, What: "tolerance 0.01 at $.shipping.weight", Reason: "rounded by the scales", Matched: 122, Branch: 4, Control: 118},
		{Line: 28, What: "ignore $.customer", Reason: "names are made up", Matched: 412, Branch: 412, Expires: "2026-11-30",
			Problems: []string{"It hides branch's differences alone: base never differs from itself there.", "It expires in 10 days."}},
	}}
}

func selfChecked() *diff.SelfCheck {
	s := &diff.SelfCheck{Answers: 120, Mutations: 1440, Proven: 1290, Suspected: 66, Missed: 84, MaxMissed: 0.1, Untried: 14, MoreBlind: 2,
		Operations: []diff.SelfCheckOperation{
			{Name: "GET /orders/{id}", Mutations: 480, Missed: 52}, {Name: "GET /orders", Mutations: 360, Missed: 20},
			{Name: "GET /customers/{id}", Mutations: 360, Missed: 12}, {Name: "GET /cart", Mutations: 240},
		}}
	blind := func(op string, part diff.Part, path string, tried, missed uint64, by []string, names ...string) {
		s.Blind = append(s.Blind, diff.BlindSpot{Operation: op, Place: diff.Place{Part: part, Path: path}, Mutations: names, Tried: tried, Missed: missed, By: by})
	}
	blind("GET /orders/{id}", diff.Body, "$.customer", 48, 48, []string{"twinspect.yaml:28"}, "drop", "null", "type")
	blind("GET /orders", diff.Body, "$.generatedAt", 24, 20, []string{"noise"}, "earlier", "later")
	blind("GET /customers/{id}", diff.Body, "$.requestId", 12, 12, []string{"noise", "twinspect.yaml:9"}, "other uuid")
	blind("GET /orders/{id}", diff.Header, "date", 4, 4, []string{"twinspect.yaml:4"}, "drop")
	return s
}
