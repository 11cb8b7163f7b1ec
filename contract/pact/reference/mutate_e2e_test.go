//go:build e2e

package reference_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"twinspect.dev/contract/pact"
)

// mutant is a value that was changed at one place.
type mutant struct {
	what  string
	value any
}

// others are values of each type, with texts of the forms that rules ask for.
func others() []any {
	var all []any
	for _, n := range []string{"0", "-1", "3", "1.0", "2.5", "1e3", "100000000000000000000000"} {
		all = append(all, json.Number(n))
	}
	for _, s := range []string{
		"", "x", "xpplex", "12", "-1.5", "true", "AB-99", "zAB-99z", "B-7", "b7", "b", "abd", "1.0.0", "1.2", "01.2.3", "/a/22",
		"2025-12-31", "2025-02-30", "31/12/2025", "3/1/2025", "23:59:58", "25:00:00", "11:59 AM", "11:59", "2025-12-31T23:59:58",
		"2025-12-31T23:59:58+0100", "2025-12-31T23:59:58.5+01:00", "2025-12-31T23:59:58.123Z", "Wed, 31 Dec 2025 23:59:58 +0100",
		"Mon, 31 Dec 2025 23:59:58 +0100", "9AA2F1C8-3d2e-4a9a-8a7a-2f3f7f3a3b1c",
	} {
		all = append(all, s)
	}
	return append(all, nil, false, []any{}, map[string]any{}, []any{"x", nil}, []any{json.Number("1"), json.Number("2"), json.Number("3"), json.Number("4")}, map[string]any{"zz": "x"}, map[string]any{"c3": json.Number("9")})
}

// mutants changes a value at each of its places.
func mutants(v any) []mutant {
	all := changed("", v, func(v any) any { return v })
	return slices.DeleteFunc(all, func(m mutant) bool { return show(m.value) == show(v) })
}

func changed(at string, v any, whole func(any) any) []mutant {
	var all []mutant
	for _, o := range others() {
		all = append(all, mutant{at + " = " + show(o), whole(o)})
	}
	switch v := v.(type) {
	case map[string]any:
		with := func(change func(map[string]any)) any {
			c := maps.Clone(v)
			change(c)
			return whole(c)
		}
		all = append(all, mutant{at + " with more", with(func(c map[string]any) { c["unexpected"] = "x" })})
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, mutant{at + "/" + name + " missing", with(func(c map[string]any) { delete(c, name) })})
			all = append(all, changed(at+"/"+name, v[name], func(o any) any { return with(func(c map[string]any) { c[name] = o }) })...)
		}
	case []any:
		all = append(all, mutant{at + " reversed", whole(reversed(v))})
		if len(v) > 0 {
			all = append(all, mutant{at + " doubled", whole(slices.Concat(v, v))}, mutant{at + " shorter", whole(v[:len(v)-1])},
				mutant{at + " four", whole(slices.Concat(v, v, v, v))}, mutant{at + " and null", whole(append(slices.Clone(v), nil))})
		}
		for i := range v {
			all = append(all, changed(fmt.Sprint(at, "/", i), v[i], func(o any) any {
				c := slices.Clone(v)
				c[i] = o
				return whole(c)
			})...)
		}
	}
	return all
}

func reversed(v []any) []any {
	v = slices.Clone(v)
	slices.Reverse(v)
	return v
}

func show(v any) string {
	text, err := pact.FormatJSON(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// some draws at most n of all.
func some[T any](draw *rand.Rand, all []T, n int) []T {
	var out []T
	for _, i := range draw.Perm(len(all))[:min(n, len(all))] {
		out = append(out, all[i])
	}
	return out
}
