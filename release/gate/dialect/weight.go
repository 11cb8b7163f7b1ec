package dialect

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseWeight reads a share of the traffic: "20%", or "0.2". It is an error where it is
// less than 0 or more than all of it; "" is 0, not told.
func ParseWeight(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	number, percent := strings.CutSuffix(s, "%")
	w, err := strconv.ParseFloat(number, 64)
	if percent {
		w /= 100
	}
	if err != nil || math.IsNaN(w) || w < 0 || w > 1 {
		return 0, fmt.Errorf("weight %q is no share of the traffic; write 20%% or 0.2", short(s, 40))
	}
	return w, nil
}
