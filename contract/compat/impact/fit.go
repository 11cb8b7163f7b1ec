package impact

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pattern"
	"twinspect.dev/contract/promise"
)

// fitness says whether what a consumer sends fits a schema.
type fitness uint8

const (
	fits fitness = iota
	unsure
	unfit
)

// fit holds what the samples say of a field against the keywords of the schema at
// its place, and tells the keyword that they break or may break. Only what
// every sample shows is proof: a value beyond a bound breaks it, values that were
// not kept may break an enumeration.
func fit(f *contract.Field, doc *openapi.Document, p *promise.Promise) (fitness, string) {
	v, _, err := doc.Node(p.Schema)
	n, ok := v.(map[string]any)
	if err != nil || !ok {
		return fits, ""
	}
	result, broken := fits, ""
	for _, rule := range []struct {
		keyword string
		judge   func(*contract.Field, map[string]any, *promise.Promise) fitness
	}{{"type", ofType}, {"enum", inEnum}, {"bounds", inBounds}, {"length", inLength}, {"pattern", inPattern}} {
		if now := rule.judge(f, n, p); now > result {
			result, broken = now, rule.keyword
		}
	}
	return result, broken
}

// ofType judges bodies alone: parameters are text, whatever they stand for.
func ofType(f *contract.Field, _ map[string]any, p *promise.Promise) fitness {
	if part, _ := f.At.Split(); part != "body" || p.Types == nil {
		return fits
	}
	for t := range f.Types {
		if !slices.Contains(p.Types, t) && (t != "integer" || !slices.Contains(p.Types, "number")) {
			return unfit
		}
	}
	return fits
}

func inEnum(f *contract.Field, _ map[string]any, p *promise.Promise) fitness {
	if p.Enum == nil {
		return fits
	}
	if f.Values == nil {
		return unsure
	}
	allowed := make(map[string]bool, len(p.Enum))
	for _, v := range p.Enum {
		allowed[textOf(v)] = true
	}
	for v := range f.Values {
		if !allowed[v] {
			return unfit
		}
	}
	return fits
}

func inBounds(f *contract.Field, n map[string]any, _ *promise.Promise) fitness {
	low, high := decimal(f.Min), decimal(f.Max)
	if low == nil || high == nil {
		return fits
	}
	for keyword, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
		at := low
		sign := 1 // how the value must compare with the bound
		if keyword == "maximum" {
			at, sign = high, -1
		}
		if bound := decimal(textOf(n[keyword])); bound != nil {
			if c := at.Cmp(bound) * sign; c < 0 || c == 0 && n[exclusive] == true {
				return unfit
			}
		}
		if bound := decimal(textOf(n[exclusive])); bound != nil && at.Cmp(bound)*sign <= 0 {
			return unfit
		}
	}
	return fits
}

func inLength(f *contract.Field, n map[string]any, _ *promise.Promise) fitness {
	if f.Types["string"] == 0 && f.Types["array"] == 0 {
		return fits
	}
	for _, kind := range []string{"Length", "Items"} {
		if least, ok := whole(n["min"+kind]); ok && f.MinLen < least {
			return unfit
		}
		if most, ok := whole(n["max"+kind]); ok && f.MaxLen > most {
			return unfit
		}
	}
	return fits
}

func inPattern(f *contract.Field, n map[string]any, _ *promise.Promise) fitness {
	text, _ := n["pattern"].(string)
	if text == "" || f.Types["string"] == 0 {
		return fits
	}
	expr, err := pattern.New(text)
	if err != nil || f.Values == nil {
		return unsure
	}
	for v := range f.Values {
		if !expr.Match(v) {
			return unfit
		}
	}
	return fits
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case nil:
		return "null"
	}
	return ""
}

// decimal reads a number as it stands in JSON, nil where it is none, or one whose
// exponent alone would take more memory than it is worth.
func decimal(text string) *big.Rat {
	const longest = 64 // bytes, and the exponent below is bounded by big.Rat's cost
	if text == "" || text == "null" || len(text) > longest {
		return nil
	}
	if f, err := strconv.ParseFloat(text, 64); err != nil || f > 1e100 || f < -1e100 || f != 0 && f < 1e-100 && f > -1e-100 {
		return nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

func whole(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	return i, err == nil
}
