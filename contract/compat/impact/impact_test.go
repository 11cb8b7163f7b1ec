package impact

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/openapi"
)

const catalog = `openapi: 3.0.3
info: {title: Catalog, version: "1"}
paths:
  /products/{id}:
    get:
      operationId: getProduct
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: currency, in: query, schema: {type: string, enum: [EUR, USD, GBP]}}
        - {name: page, in: query, schema: {type: integer, maximum: 100}}
      responses:
        "200":
          description: a product
          content:
            application/json:
              schema:
                type: object
                required: [name, price, stock]
                properties:
                  name: {type: string}
                  price: {type: number}
                  stock: {type: integer}
                  state: {type: string, enum: [new, old]}
        "404": {description: none}
`

func document(t *testing.T, replace ...string) *openapi.Document {
	text := strings.NewReplacer(replace...).Replace(catalog)
	if len(replace) > 0 {
		require.NotEqual(t, catalog, text, "nothing was replaced")
	}
	doc, err := openapi.Parse("catalog.yaml", []byte(text))
	require.NoError(t, err)
	return doc
}

func field(at string, seen, of uint64, state contract.State) contract.Field {
	f := contract.Field{At: contract.Place(at), Seen: seen, Of: of, Types: map[string]uint64{"string": seen}}
	if at == "body" {
		f.Types = map[string]uint64{"object": seen}
	}
	f.Usage = contract.Usage{State: state}
	if state == contract.Used {
		f.Usage.Calls, f.Usage.Of = seen, of
	}
	return f
}

// checkout uses the price of each of its 12,431 calls, and sends a currency in half
// of them; it is given the stock and does nothing with it.
func checkout() *contract.Contract {
	currency := field("query currency", 6000, 12431, "")
	currency.Values = map[string]uint64{"EUR": 5000, "USD": 1000}
	price := field("body /price", 12431, 12431, contract.Used)
	price.Types = map[string]uint64{"number": 12431}
	return &contract.Contract{Consumer: "checkout", Provider: "catalog", Interactions: []contract.Interaction{{
		Operation: "GET /products/{id}", Calls: 12500,
		Request: []contract.Field{field("path id", 12500, 12500, ""), currency},
		Responses: []contract.Answer{{
			Status: 200, Calls: 12431, MediaType: "application/json",
			Fields: []contract.Field{field("body", 12431, 12431, contract.Used), price, field("body /stock", 12431, 12431, contract.Seen)},
		}, {Status: 404, Calls: 69}},
	}}}
}

// search uses the name alone.
func search() *contract.Contract {
	return &contract.Contract{Consumer: "search", Provider: "catalog", Interactions: []contract.Interaction{{
		Operation: "GET /products/{id}", Calls: 10,
		Request: []contract.Field{field("path id", 10, 10, "")},
		Responses: []contract.Answer{{
			Status: 200, Calls: 10, MediaType: "application/json",
			Fields: []contract.Field{field("body", 10, 10, contract.Used), field("body /name", 10, 10, contract.Used)},
		}},
	}}}
}

func judge(t *testing.T, before, after *openapi.Document, strict bool, contracts ...*contract.Contract) *Report {
	changes, err := compat.Compare(before, after)
	require.NoError(t, err)
	return Judge(Case{Provider: "catalog", Old: before, New: after, Changes: changes, Contracts: contracts, Strict: strict})
}

func levels(r *Report) map[string]Level {
	m := make(map[string]Level)
	for _, c := range r.Consumers {
		m[c.Name] = c.Level
	}
	return m
}

func TestAChangeBreaksWhoUsesWhatItTakesBack(t *testing.T) {
	for name, tt := range map[string]struct {
		replace          []string
		checkout, search Level
		verdict          contract.Verdict
	}{
		"a field that one uses":     {[]string{"price: {type: number}", "cost: {type: number}", ", price,", ","}, Breaks, Safe, contract.Fail},
		"a field that nobody uses":  {[]string{"                  stock: {type: integer}\n", "", ", stock]", "]"}, Safe, Safe, contract.Pass},
		"another type of it":        {[]string{"price: {type: number}", "price: {type: string}"}, Breaks, Safe, contract.Fail},
		"it may be absent":          {[]string{"[name, price, stock]", "[name, stock]"}, Breaks, Safe, contract.Fail},
		"the operation":             {[]string{"    get:\n      operationId", "    put:\n      operationId"}, Breaks, Breaks, contract.Fail},
		"a value that one sends":    {[]string{"[EUR, USD, GBP]", "[EUR, GBP]"}, Breaks, Safe, contract.Fail},
		"a value that nobody sends": {[]string{"[EUR, USD, GBP]", "[EUR, USD]"}, Safe, Safe, contract.Pass},
		"a bound of what is unsent": {[]string{"maximum: 100", "maximum: 10"}, Safe, Safe, contract.Pass},
		"required, sent by half":    {[]string{"name: currency, in: query,", "name: currency, in: query, required: true,"}, Breaks, Breaks, contract.Fail},
		"another name in the path":  {[]string{"/products/{id}", "/products/{key}", "name: id,", "name: key,"}, Safe, Safe, contract.Pass},
		"a promise more":            {[]string{"state: {type: string", "colour: {type: string}\n                  state: {type: string"}, Safe, Safe, contract.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			r := judge(t, document(t), document(t, tt.replace...), false, checkout(), search())
			assert.Equal(t, map[string]Level{"checkout": tt.checkout, "search": tt.search}, levels(r), "%+v", r)
			assert.Equal(t, tt.verdict, r.Verdict)
		})
	}
}

func TestAChangeIsWeighedInASentence(t *testing.T) {
	r := judge(t, document(t), document(t, "price: {type: number}", "cost: {type: number}", ", price,", ","), false, checkout(), search())
	assert.Equal(t, "breaks checkout (uses body /price of GET /products/{id} in 100 % of 12,431 calls), nobody else", r.Changes[0].Weight)
	assert.Equal(t, []string{"checkout"}, r.Changes[0].Breaks)
	assert.Contains(t, r.Reasons[0], "breaks checkout")
	assert.Contains(t, r.Changes[0].Old, "catalog.yaml:")
}

func TestWithoutConsumersOrStrictlyEveryBreakingChangeFails(t *testing.T) {
	after := document(t, "                  stock: {type: integer}\n", "", ", stock]", "]")
	assert.Equal(t, contract.Pass, judge(t, document(t), after, false, search()).Verdict)
	assert.Equal(t, contract.Fail, judge(t, document(t), after, true, search()).Verdict)
	assert.Equal(t, contract.Fail, judge(t, document(t), after, false).Verdict)
	assert.Equal(t, contract.Pass, judge(t, document(t), document(t), true).Verdict)
}

func TestConsumersAreHeldAgainstOneDocument(t *testing.T) {
	for name, tt := range map[string]struct {
		replace []string
		rule    string
		level   Level
	}{
		"all is promised":        {nil, "", Safe},
		"no such operation":      {[]string{"/products/{id}", "/articles/{id}"}, operationUnknown, Breaks},
		"no such field":          {[]string{"price: {type: number}", "cost: {type: number}", ", price,", ","}, fieldUnknown, Breaks},
		"of another type":        {[]string{"price: {type: number}", "price: {type: string}"}, fieldOfOtherTypes, Breaks},
		"optional":               {[]string{"[name, price, stock]", "[name, stock]"}, fieldOptional, Safe},
		"nullable":               {[]string{"price: {type: number}", "price: {type: number, nullable: true}"}, fieldNullable, Safe},
		"no such parameter":      {[]string{"name: currency", "name: money"}, parameterUnknown, Risk},
		"a value not taken":      {[]string{"[EUR, USD, GBP]", "[EUR]"}, requestUnfit, Risk},
		"a required one unsent":  {[]string{"name: page, in: query,", "name: page, in: query, required: true,"}, parameterMissing, Risk},
		"no such status":         {[]string{`        "404": {description: none}` + "\n", ""}, statusUnknown, Safe},
		"no such media type":     {[]string{"application/json", "application/xml"}, mediaTypeUnknown, Breaks},
		"no such status, in use": {[]string{`"200"`, `"201"`}, statusUnknown, Breaks},
	} {
		t.Run(name, func(t *testing.T) {
			r := Judge(Case{Provider: "catalog", New: document(t, tt.replace...), Contracts: []*contract.Contract{checkout()}})
			assert.Equal(t, tt.level, r.Consumers[0].Level)
			var rules []string
			for _, e := range r.Consumers[0].Effects {
				rules = append(rules, e.Rule)
			}
			if tt.rule == "" {
				assert.Empty(t, rules)
			} else {
				assert.Contains(t, rules, tt.rule)
			}
			assert.Equal(t, tt.level == Breaks, r.Verdict == contract.Fail)
		})
	}
}

func TestABreakingChangeOfAWebhookIsNotPassedOver(t *testing.T) {
	change := compat.Change{ID: "webhook-removed", Level: compat.Breaking, Operation: "webhook sold POST"}
	doc := document(t)
	r := Judge(Case{Provider: "catalog", Old: doc, New: doc, Changes: []compat.Change{change}, Contracts: []*contract.Contract{search()}})
	assert.Equal(t, contract.Inconclusive, r.Verdict)
	assert.Contains(t, r.Reasons[0], "webhooks")
}

func TestWhatWasBrokenBeforeIsNotBlamedOnTheChange(t *testing.T) {
	before := document(t, "price: {type: number}", "cost: {type: number}", ", price,", ",")
	r := judge(t, before, before, false, checkout())
	assert.Equal(t, Safe, r.Consumers[0].Level)
	assert.Equal(t, contract.Pass, r.Verdict)
}
