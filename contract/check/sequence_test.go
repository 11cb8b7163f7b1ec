package check

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/contract"
)

// lifecycle is a case of two steps, the second of which expects.
func lifecycle(first, second string, expect contract.Expect) *contract.Case {
	return &contract.Case{ID: "l", Kind: contract.Sequence, Rule: contract.RuleLifecycle, Operation: first,
		Steps: []contract.Step{{Name: "write", Operation: first}, {Name: "read", Operation: second, Expect: expect}}}
}

func sent(t *testing.T, o contract.Observation, body string) contract.Observation {
	o.Request.Body = &contract.Body{MediaType: "application/json", Value: tree(t, body)}
	return o
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	k := checker(t, Options{})
	tests := []struct {
		name, sent, read string
		want             []string
		made             int
	}{
		{"kept", `{"name":"n","price":1}`, `{"id":"7","name":"n","price":1}`, nil, 1},
		{"numbers as decimals", `{"price":1.50}`, `{"price":15e-1}`, nil, 1},
		{"times as instants", `{"at":"2026-11-21T12:00:00Z"}`, `{"at":"2026-11-21T13:00:00.0+01:00"}`, nil, 1},
		{"another time", `{"at":"2026-11-21T12:00:00Z"}`, `{"at":"2026-11-21T13:00:00Z"}`, []string{"write-kept kept /at"}, 1},
		{"another number", `{"price":1.5}`, `{"price":1}`, []string{"write-kept kept /price"}, 1},
		{"white space is a value", `{"name":" n"}`, `{"name":"n"}`, []string{"write-kept kept /name"}, 1},
		{"letters are values", `{"name":"N"}`, `{"name":"n"}`, []string{"write-kept kept /name"}, 1},
		{"a value that became null", `{"name":"N"}`, `{"name":null}`, []string{"write-kept kept /name"}, 1},
		{"deep", `{"size":{"w":1,"h":2}}`, `{"size":{"w":1,"h":3}}`, []string{"write-kept kept /size/h"}, 1},
		{"entries of a map are one cause", `{"stock":{"a":1,"b":2}}`, `{"stock":{"a":2,"b":1}}`, []string{"write-kept kept /stock/*"}, 1},
		{"lists in order", `{"tags":["a","b"]}`, `{"tags":["b","a"]}`, []string{"write-kept kept /tags/*"}, 1},
		{"lists of another length", `{"tags":["a","b"]}`, `{"tags":["a"]}`, []string{"write-kept kept /tags"}, 1},
		{"readOnly and writeOnly are left out", `{"id":"1","secret":"s","name":"n"}`, `{"id":"2","secret":"","name":"n"}`, nil, 1},
		{"fields that are not answered", `{"name":"n","price":1}`, `{"price":1}`, nil, 1},
		{"in an envelope", `{"name":"n"}`, `{"data":{"name":"m"}}`, []string{"write-kept kept /data/name"}, 1},
		{"another type is the schema's matter", `{"name":"n"}`, `{"name":{"text":"n"}}`, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cs := lifecycle(put, one, contract.Expect{Check: contract.WriteKept, Status: []string{"2XX"}, Kept: "write"})
			broken, made := k.Case(cs, []contract.Observation{sent(t, answer(0, 200, tt.sent), tt.sent), answer(1, 200, tt.read)})
			got, n := causes(contract.WriteKept, broken, made)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.made, n)
			for _, b := range broken {
				if b.Check == contract.WriteKept {
					assert.Equal(t, 1, b.Step)
				}
			}
		})
	}
}

func TestStatusesAreExpected(t *testing.T) {
	k := checker(t, Options{})
	gone := contract.Expect{Check: contract.UseAfterDelete, Status: []string{"404", "410"}}
	tests := []struct {
		name        string
		first, then int
		want        []string
		made        int
	}{
		{"gone", 204, 404, nil, 1},
		{"gone for ever", 204, 410, nil, 1},
		{"still there", 204, 200, []string{"use-after-delete 200"}, 1},
		{"the deletion did not succeed", 409, 200, nil, 0},
		{"a failure of the server is another check's", 204, 500, nil, 0},
		{"too many requests say nothing", 204, 429, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken, made := k.Case(lifecycle(del, one, gone), []contract.Observation{answer(0, tt.first, ""), answer(1, tt.then, "")})
			got, n := causes(contract.UseAfterDelete, broken, made)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.made, n)
		})
	}
	_, made := k.Case(lifecycle(del, one, gone), []contract.Observation{answer(0, 204, ""), faulty(answer(1, 0, ""), "timeout")})
	assert.NotContains(t, made, contract.UseAfterDelete)
	_, made = k.Case(lifecycle(del, one, gone), []contract.Observation{answer(0, 204, "")})
	assert.NotContains(t, made, contract.UseAfterDelete)
}

func TestTwoAlikeAreAnsweredAlike(t *testing.T) {
	k := checker(t, Options{})
	tests := []struct {
		name, first, second string
		status              int
		want                []string
		made                int
	}{
		{"alike", `{"name":"n","price":1}`, `{"price":1.0,"name":"n"}`, 200, nil, 1},
		{"times and random texts may differ", `{"at":"2026-11-21T12:00:00Z","name":"0b7e6f0c-8a0e-4c0e-9a52-6f0f4a8c1d11"}`,
			`{"at":"2026-11-22T12:00:00Z","name":"1b7e6f0c-8a0e-4c0e-9a52-6f0f4a8c1d11"}`, 200, nil, 1},
		{"another value", `{"price":1}`, `{"price":2}`, 200, []string{"idempotent same /price"}, 1},
		{"a field is gone", `{"price":1}`, `{}`, 200, []string{"idempotent same /price"}, 1},
		{"a field more", `{}`, `{"price":1}`, 200, []string{"idempotent same /price"}, 1},
		{"a list grew", `{"tags":["a"]}`, `{"tags":["a","a"]}`, 200, []string{"idempotent same /tags"}, 1},
		{"no content is like any", `{"price":1}`, ``, 200, nil, 1},
		{"refused the second time", `{"price":1}`, ``, 409, []string{"idempotent 409"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cs := lifecycle(put, put, contract.Expect{Check: contract.Idempotent, Same: "write"})
			broken, made := k.Case(cs, []contract.Observation{answer(0, 200, tt.first), answer(1, tt.status, tt.second)})
			got, n := causes(contract.Idempotent, broken, made)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.made, n)
		})
	}
}

func TestWhatWasCreatedIsListed(t *testing.T) {
	k := checker(t, Options{})
	page := func(n int, body string, header ...string) contract.Observation {
		o := answer(1, 200, body, append(header, "X-Total: 1")...)
		o.Page = n
		return o
	}
	created := answer(0, 201, `{"id":"7","name":"n"}`)
	located := answer(0, 201, "", "Location: /products/7")
	silent := answer(0, 201, "")
	missing := []string{"available-after-create not listed"}
	pages := &contract.Pages{Items: "body /items", Max: 3}
	tests := []struct {
		name  string
		first contract.Observation
		pages *contract.Pages
		read  []contract.Observation
		want  []string
		made  int
	}{
		{"listed", created, nil, []contract.Observation{page(0, `{"items":[{"id":"6"},{"id":"7"}]}`)}, nil, 1},
		{"not listed", created, nil, []contract.Observation{page(0, `{"items":[{"id":"6"}]}`)}, missing, 1},
		{"by Location", located, nil, []contract.Observation{page(0, `{"items":[{"id":"7"}]}`)}, nil, 1},
		{"not there by Location", located, nil, []contract.Observation{page(0, `{"items":[]}`)}, missing, 1},
		{"by its fields", silent, nil, []contract.Observation{page(0, `{"items":[{"id":"9","name":"n"}]}`)}, nil, 1},
		{"not there by its fields", silent, nil, []contract.Observation{page(0, `{"items":[{"id":"9","name":"m"}]}`)}, missing, 1},
		{"on the second page", created, pages, []contract.Observation{page(0, `{"items":[{"id":"6"}]}`), page(1, `{"items":[{"id":"7"}]}`)}, nil, 1},
		{"on none of the pages", created, pages, []contract.Observation{page(0, `{"items":[{"id":"6"}]}`), page(1, `{"items":[]}`)}, missing, 1},
		{"beyond the last that was asked for", created, pages,
			[]contract.Observation{page(0, `{"items":[{"id":"4"}]}`), page(1, `{"items":[{"id":"5"}]}`), page(2, `{"items":[{"id":"6"}]}`)}, nil, 0},
		{"the list goes on", created, nil, []contract.Observation{page(0, `{"items":[{"id":"6"}],"next":"abc"}`)}, nil, 0},
		{"the list has more", created, nil, []contract.Observation{page(0, `{"items":[{"id":"6"}],"total":9}`)}, nil, 0},
		{"a link to the next page", created, nil, []contract.Observation{page(0, `{"items":[]}`, `Link: </p?page=2>; rel="next"`)}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cs := lifecycle(create, many, contract.Expect{Check: contract.Available, Status: []string{"2XX"}, Listed: "write"})
			cs.Steps[1].Pages = tt.pages
			broken, made := k.Case(cs, append([]contract.Observation{sent(t, tt.first, `{"name":"n"}`)}, tt.read...))
			got, n := causes(contract.Available, broken, made)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.made, n)
		})
	}
}

func TestNumbersAreComparedAsDecimals(t *testing.T) {
	for _, pair := range [][2]string{{"1", "1.0"}, {"-0", "0"}, {"1e2", "100"}, {"0.10", "1e-1"}, {"120e-1", "12"},
		{"1e400", "10e399"}, {"1e99999999999999999999", "10e99999999999999999998"},
		{"12345678901234567890123", "1.2345678901234568e22"}} {
		assert.True(t, sameNumber(pair[0], pair[1]), pair)
	}
	for _, pair := range [][2]string{{"1", "2"}, {"1", "-1"}, {"1e2", "1e3"}, {"0.1", "0.10000000149"}, {"9007199254740993", "9007199254740992"}} {
		assert.False(t, sameNumber(pair[0], pair[1]), pair)
	}
}
