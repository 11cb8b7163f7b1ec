package findings

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
)

func TestCausesAreGroupedWithTheirFirstCases(t *testing.T) {
	var s Set[string]
	for i := range 30 {
		f := s.Add("GET /a", fmt.Sprint(i/2), contract.Broken{Check: contract.BodyKept, Cause: "c", Message: fmt.Sprint(i)})
		require.NotNil(t, f)
		if f.Count == 1 {
			f.Of = "first"
		}
	}
	require.Len(t, s.All(), 1)
	f := s.All()[0]
	assert.EqualValues(t, 30, f.Count)
	assert.Len(t, f.Cases, maxCases)
	assert.Equal(t, "0", f.Message)
	assert.Equal(t, "first", f.Of)
	s.Add("GET /b", "x", contract.Broken{Check: contract.BodyKept, Cause: "c"})
	s.Add("GET /a", "x", contract.Broken{Check: contract.StatusDeclared, Cause: "c"})
	assert.Len(t, s.All(), 3)
	assert.Negative(t, Compare(&s.All()[2].Finding, &f.Finding), "the order of the checks")
	assert.Negative(t, Compare(&f.Finding, &contract.Finding{Flaky: true}))
}

func TestCausesBeyondTheMostAreCounted(t *testing.T) {
	var s Set[struct{}]
	for i := range Max + 3 {
		s.Add("GET /a", "x", contract.Broken{Cause: fmt.Sprint(i)})
	}
	assert.Len(t, s.All(), Max)
	assert.EqualValues(t, 3, s.Over)
}

func TestTextIsBoundedAndTellsWhatIsNone(t *testing.T) {
	assert.Equal(t, "(2 bytes that are no text)", Text(&capture.Message{Body: []byte("\xff\xfe")}).Body)
	long := Text(&capture.Message{Body: []byte("a" + strings.Repeat("ü", MaxShown)), Header: capture.Header{{Name: "A", Value: "b"}}})
	assert.Equal(t, MaxShown-1+len("…"), len(long.Body))
	assert.Equal(t, []string{"A: b"}, long.Header)
	broken := Text(&capture.Message{Body: []byte("x"), Header: capture.Header{{Name: "Content-Encoding", Value: "gzip"}}})
	assert.Contains(t, broken.Body, "(")
}
