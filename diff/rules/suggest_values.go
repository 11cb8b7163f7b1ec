package rules

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

const (
	// minNear is how many examples must show base's own spread, minKeyed how many
	// elements an array has that shows its key: with fewer a value is rather the
	// same, or unique, by chance.
	minNear  = 3
	minKeyed = 2
	// maxNear is the greatest spread that is taken for rounding; what differs by
	// more is another number.
	maxNear = 0.01
)

// nearness returns twice the greatest share by which the numbers of the examples
// differ, rounded up to one digit, where base's own do and none differs by more
// than rounding does. A tolerance hides less than the class of all numbers.
func nearness(d *diff.Difference, learned class.Class) (string, bool) {
	if learned != class.Number && learned != class.Integer || len(d.Examples) < minNear {
		return "", false
	}
	greatest := 0.0
	for i := range d.Examples {
		e := &d.Examples[i]
		own, ok := spread(e.Base, e.Control)
		other, okOther := spread(e.Base, e.Branch)
		if !ok || !okOther {
			return "", false
		}
		greatest = max(greatest, own, other)
	}
	if greatest == 0 || greatest > maxNear {
		return "", false
	}
	percent := 200 * greatest
	digit := math.Pow(10, math.Floor(math.Log10(percent)))
	share, err := strconv.ParseFloat(strconv.FormatFloat(math.Ceil(percent/digit)*digit, 'g', 1, 64), 64)
	return strconv.FormatFloat(share, 'f', -1, 64) + "%", err == nil && share > 0
}

// spread returns by what share of base the other number differs.
func spread(base, other string) (float64, bool) {
	b, ok := decimal([]byte(base))
	o, okOther := decimal([]byte(other))
	if !ok || !okOther || b.Sign() == 0 {
		return 0, false
	}
	share, _ := new(big.Rat).Quo(o.Sub(o, b), b).Float64()
	return math.Abs(share), true
}

// keyNames are names under which elements are usually told apart, the most
// telling first.
var keyNames = []string{"id", "uuid", "key", "sku", "code", "slug", "name"}

// keyOf returns the member that tells the elements of all examples apart, "" where
// none does or an example does not show the whole array.
func keyOf(examples []diff.Example) string {
	var names []string
	for i := range examples {
		unique, ok := uniqueMembers(examples[i].Base)
		if !ok {
			return ""
		}
		if i == 0 {
			names = unique
			continue
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(unique, name) })
	}
	for _, usual := range keyNames {
		if slices.Contains(names, usual) {
			return usual
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "ID") {
			return name
		}
	}
	return ""
}

// uniqueMembers returns the names of the members that all elements of an array
// have, as strings or numbers, each with another value.
func uniqueMembers(array string) ([]string, bool) {
	var elements []map[string]json.RawMessage
	if json.Unmarshal([]byte(array), &elements) != nil || len(elements) < minKeyed {
		return nil, false
	}
	var names []string
	for name := range elements[0] {
		if isUnique(elements, name) {
			names = append(names, name)
		}
	}
	return names, true
}

func isUnique(elements []map[string]json.RawMessage, name string) bool {
	seen := make(map[string]bool, len(elements))
	for _, e := range elements {
		value := string(e[name])
		scalar := value != "" && (value[0] == '"' || value[0] == '-' || value[0] >= '0' && value[0] <= '9')
		if !scalar || seen[value] {
			return false
		}
		seen[value] = true
	}
	return true
}
