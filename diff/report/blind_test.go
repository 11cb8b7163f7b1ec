package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

func TestBlindSpotsOfOneReasonAreToldOnceAndAllAreCounted(t *testing.T) {
	r := fullReport()
	r.SelfCheck = &diff.SelfCheck{Mutations: 1000, Missed: 110, Proven: 890, MaxMissed: 0.25, MoreBlind: 7}
	for i := range 10 {
		for _, header := range []string{"date", "etag"} {
			r.SelfCheck.Blind = append(r.SelfCheck.Blind, diff.BlindSpot{Operation: fmt.Sprintf("GET /%d", i), Place: diff.Place{Part: diff.Header, Path: header},
				Mutations: []string{"character"}, Tried: 10, Missed: 5, By: []string{fmt.Sprintf("noise (base differs in %d %%)", 90+i)}})
		}
	}
	var b bytes.Buffer
	require.NoError(t, report.Terminal(&b, r, report.TerminalOptions{Width: 120}))
	_, section, found := strings.Cut(b.String(), "\nSELF-CHECK")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n\n")
	assert.Contains(t, section, "one character changed: at 20 places in 10 operations, such as GET /0 header date, 100 of 200 missed; hidden by")
	assert.Contains(t, section, "… 7 more blind spots")
	assert.LessOrEqual(t, strings.Count(section, "\n")+1, 9)
}
