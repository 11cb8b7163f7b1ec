//go:build e2e && linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/fixtures/market"
)

// The floors are those of contract/consumer's own test of the market, but for the
// precision of all: customers send no trace context here, so that the ids of traces are
// drawn, and by them the samples by which decisions are told. Seven recordings had a
// precision of 0.944 to 0.980.
const (
	leastFollowed  = 0.95 // precision of the fields whose values were followed
	leastPrecision = 0.9  // of all, decisions too
	leastCarried   = 0.9  // recall of the fields that carry a value to follow
	leastRecall    = 0.75
)

// field is one field that a provider answers with, whatever the status.
type field struct {
	provider, operation string
	at                  contract.Place
}

// setting is the field as a service leaves it out.
func (f field) setting() string { return string(f.at) + "@" + f.operation }

// leaves are the fields of a provider that hold no others.
func leaves(provider string) (all []field) {
	for _, operation := range market.Operations(provider) {
		for _, f := range market.Fields(provider, operation) {
			if is := (field{provider, operation, f.At}); f.Leaf && !slices.Contains(all, is) {
				all = append(all, is)
			}
		}
	}
	return all
}

// use is a field that a consumer meets.
type use struct {
	consumer, provider, operation string
	status                        int
	at                            contract.Place
}

// of reports whether the field is f, or a member of it where f is all members.
func (u use) of(f field) bool {
	if u.provider != f.provider || u.operation != f.operation {
		return false
	}
	part, own := u.at.Split()
	other, at := f.at.Split()
	if part != "body" || other != "body" {
		return u.at == f.at
	}
	return slices.EqualFunc(pointer.Split(own), pointer.Split(at), func(a, b string) bool { return a == b || b == "*" })
}

// uses is what is known of the market's consumers.
type uses struct {
	met    map[use]contract.Field // what came
	used   map[use]contract.Field // and is known as used
	untold map[use]bool           // which the Pact files cannot say, as contract-gen tells
	truth  map[use]market.Use     // what the code reads
}

// usesOf takes what is used out of contracts, and what is left out of Pact files out of
// what contract-gen said.
func usesOf(all []*contract.Contract, said string) *uses {
	u := &uses{make(map[use]contract.Field), make(map[use]contract.Field), make(map[use]bool), make(map[use]market.Use)}
	for _, c := range all {
		for _, it := range c.Interactions {
			for _, r := range it.Responses {
				whole := fmt.Sprintf("left out: %s of %s: %s answers %d: ", c.Consumer, c.Provider, it.Operation, r.Status)
				for _, f := range r.Fields {
					is := use{c.Consumer, c.Provider, it.Operation, r.Status, f.At}
					if f.Seen > 0 {
						u.met[is] = f
					}
					if f.Usage.State == contract.Used {
						u.used[is] = f
						u.untold[is] = strings.Contains(said, whole+"left out:") || strings.Contains(said, whole+string(f.At)+" is used and left out:")
					}
				}
			}
		}
	}
	for _, r := range market.Truth() {
		u.truth[use{r.Consumer, r.Provider, r.Operation, r.Status, r.At}] = r
	}
	return u
}

// who are the consumers of the uses that a field has, and that are wanted; sorted.
func who[V any](all map[use]V, f field, wanted func(use) bool) []string {
	names := make(map[string]bool)
	for u := range all {
		if u.of(f) && wanted(u) {
			names[u.consumer] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// users are those for whom the contracts say that they use the field, expected those of
// whom the Pact files say so, readers those whose code reads it.
func (u *uses) users(f field) []string { return who(u.used, f, func(use) bool { return true }) }
func (u *uses) expected(f field) []string {
	return who(u.used, f, func(is use) bool { return !u.untold[is] })
}
func (u *uses) readers(f field) []string { return who(u.truth, f, func(use) bool { return true }) }

// needing are the readers that cannot do without it, and whose recordings carry a value
// of it that can be followed.
func (u *uses) needing(f field) []string {
	return who(u.truth, f, func(is use) bool { return !u.truth[is].Optional && u.unknowable(is) == "" })
}

// echoes are the fields that give back what the consumer had asked with: that it comes
// again proves nothing. contract/consumer's test finds the same ones by a rule.
var echoes = []use{
	{market.Catalog, market.Pricing, "GET /prices", 200, "body /prices/*/sku"},
	{market.Checkout, market.Pricing, "POST /quotes", 201, "body /lines/*/sku"},
	{market.Checkout, market.Pricing, "GET /quotes/{id}", 200, "body /lines/*/sku"},
	{market.Storefront, market.Catalog, "GET /products/{id}", 304, "header ETag"},
}

// unknowable says why the recordings cannot show that a field is read, "" where they can.
func (u *uses) unknowable(is use) string {
	came, constant := false, true
	for other, f := range u.met {
		if other.consumer == is.consumer && other.status == is.status && other.of(field{is.provider, is.operation, is.at}) {
			came, constant = true, constant && len(f.Values) == 1 && !f.Many
		}
	}
	switch {
	case !came:
		return "it never came"
	case u.truth[is].Kind == "decides":
		return "nothing of it is sent"
	case constant:
		return "a constant"
	case slices.Contains(echoes, is):
		return "known from the request"
	}
	return ""
}

// found reports whether the contracts have a field that is read as used.
func (u *uses) found(is use) bool {
	for other := range u.used {
		if other.consumer == is.consumer && other.status == is.status && other.of(field{is.provider, is.operation, is.at}) {
			return true
		}
	}
	return false
}

// falsely are the fields that hold no others and are used by the contracts alone, sorted.
func (u *uses) falsely() (all []use) {
	leaf := make(map[use]bool)
	for _, pair := range marketPairs() {
		for _, operation := range market.Operations(pair[1]) {
			for _, f := range market.Fields(pair[1], operation) {
				leaf[use{pair[0], pair[1], operation, f.Status, f.At}] = f.Leaf
			}
		}
	}
	for is := range u.used {
		if _, read := u.truth[is]; leaf[is] && !read {
			all = append(all, is)
		}
	}
	slices.SortFunc(all, func(a, b use) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return all
}

// usedFields prints how good the inference is, by the kind of the reading, and holds it
// to the floors.
func usedFields(t *testing.T, u *uses) {
	type count struct{ found, carried, followed, of int }
	kinds := make(map[string]*count)
	all := &count{}
	for _, r := range market.Truth() {
		is := use{r.Consumer, r.Provider, r.Operation, r.Status, r.At}
		why, found := u.unknowable(is), u.found(is)
		if why == "it never came" {
			continue
		}
		if kinds[r.Kind] == nil {
			kinds[r.Kind] = &count{}
		}
		for _, c := range []*count{all, kinds[r.Kind]} {
			c.of++
			if found {
				c.found++
			}
			if why == "" {
				c.carried++
			}
			if why == "" && found {
				c.followed++
			}
		}
		if !found {
			t.Logf("read (%s), and not found: %v %s", r.Kind, is, why)
		}
	}
	wrong, wrongly := u.falsely(), 0
	for _, is := range wrong {
		usage := u.used[is].Usage
		if len(usage.Evidence) == 0 || usage.Evidence[0].How != contract.Decides {
			wrongly++
		}
		t.Logf("used, and not read: %v, confidence %.2f %+v", is, usage.Confidence, usage.Evidence[:min(1, len(usage.Evidence))])
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		c := kinds[kind]
		t.Logf("%-9s %2d of %2d found, %2d of the %2d that carry a value", kind, c.found, c.of, c.followed, c.carried)
	}
	precision := float64(all.found) / float64(all.found+len(wrong))
	recall, carried := float64(all.found)/float64(all.of), float64(all.followed)/float64(all.carried)
	t.Logf("used: precision %.3f (%d false), recall %.3f of %d fields, %.3f of the %d that carry a value", precision, len(wrong), recall, all.of, carried, all.carried)
	followed := float64(all.followed) / float64(all.followed+wrongly)
	t.Logf("precision of the values that were followed: %.3f (%d false)", followed, wrongly)
	assert.GreaterOrEqual(t, followed, leastFollowed)
	assert.GreaterOrEqual(t, precision, leastPrecision)
	assert.GreaterOrEqual(t, carried, leastCarried)
	assert.GreaterOrEqual(t, recall, leastRecall)
}
