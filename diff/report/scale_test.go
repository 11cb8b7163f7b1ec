package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

// hugeReport is what a run keeps at most: n differences with 3 examples each,
// whose values are documents of value bytes that nothing else holds.
func hugeReport(n, value int) *diff.Report {
	r := largeReport(n)
	rng := rand.New(rand.NewPCG(3, 5))
	var b strings.Builder
	document := func() string {
		b.Reset()
		for b.Len() < value {
			fmt.Fprintf(&b, `{"id":"%016x","price":%d.%02d,"currency":"EUR","state":"open"}`, rng.Uint64(), rng.IntN(500), rng.IntN(100))
		}
		return b.String()
	}
	full := fullReport()
	for i := range r.Differences {
		d := &r.Differences[i]
		d.Category, d.Remedy, d.Examples = diff.CauseRegression, diff.Escalate, nil
		if i%10 == 0 {
			d.Location = full.Differences[7].Location
		}
		for j := range 3 {
			d.Examples = append(d.Examples, example(3*i+j, "GET", fmt.Sprintf("/orders/%d", rng.IntN(1e6)), d.Path, document(), document()))
		}
	}
	r.SelfCheck, r.Troubles = full.SelfCheck, full.Troubles
	return r
}

const maxPage = 5_000_000

func TestThePageStaysBelowItsSizeAndCountsWhatItLeavesOut(t *testing.T) {
	tests := []struct {
		name     string
		n, value int
		complete bool
	}{
		{"few", 500, 100, true},
		{"20,000 with values of 60 bytes", 20_000, 60, false},
		{"3,000 with values of 1 KiB", 3000, 1 << 10, false},
		{"more than a run keeps", 150_000, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if raceEnabled && test.n > 10_000 {
				t.Skip("one goroutine: there is no race to find")
			}
			r := largeReport(test.n)
			if test.value > 0 {
				r = hugeReport(test.n, test.value)
			} else {
				for i := range r.Differences {
					r.Differences[i].Examples = nil
				}
			}
			page := renderHTML(t, fmt.Sprintf("scale-%d-%d", test.n, test.value), r)
			require.Less(t, len(page), maxPage)
			index, details := unpacked(t, page)
			t.Logf("%d bytes, left out: %v", len(page), index.Left)
			rows := uint64(len(index.N))
			assert.Equal(t, uint64(test.n), rows+index.Left["differences"])
			var whole, short, bare uint64
			for _, d := range details {
				switch {
				case len(d.Examples) > 1:
					whole++
				case len(d.Examples) == 1:
					short++
				default:
					bare++
				}
			}
			if test.value > 0 {
				assert.Equal(t, rows, uint64(len(details))+index.Left["details"])
				assert.Equal(t, index.Left["shortened"], short)
				assert.Equal(t, index.Left["examples"], bare)
			}
			if test.complete {
				assert.Equal(t, r.Differences, details, "nothing is left out of a report of a usual size")
			}
		})
	}
}

func TestHugeTextsDoNotMakeTheListVanish(t *testing.T) {
	r := hugeReport(2000, 100)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range r.Differences {
		b := make([]byte, 1024)
		for j := range b {
			b[j] = byte('a' + rng.IntN(26))
		}
		r.Differences[i].Path = "$." + string(b)
	}
	page := renderHTML(t, "long-paths", r)
	require.Less(t, len(page), maxPage)
	index, _ := unpacked(t, page)
	assert.NotEmpty(t, index.N)
	assert.Equal(t, uint64(2000), uint64(len(index.N))+index.Left["differences"])
}

type index struct {
	Texts []string
	N     []uint64
	Path  []int
	Chunk int
	Left  map[string]uint64
}

// unpacked reads what the page's script reads.
func unpacked(t *testing.T, page []byte) (index, []diff.Difference) {
	t.Helper()
	var i index
	require.NoError(t, json.Unmarshal(unpack(t, elementOf(t, page, "packed-index")), &i))
	var details []diff.Difference
	for _, text := range strings.Split(elementOf(t, page, "packed-details"), "\n") {
		if text == "" {
			continue
		}
		var list []diff.Difference
		require.NoError(t, json.Unmarshal(unpack(t, text), &list))
		require.LessOrEqual(t, len(list), i.Chunk)
		details = append(details, list...)
	}
	return i, details
}

func elementOf(t *testing.T, page []byte, id string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)id="` + id + `">(.*?)</script>`).FindSubmatch(page)
	require.NotNil(t, m, id)
	return string(m[1])
}

func unpack(t *testing.T, text string) []byte {
	t.Helper()
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	return data
}

func TestThePageHoldsTheWholeReport(t *testing.T) {
	r := fullReport()
	page := renderHTML(t, "full", r)
	_, details := unpacked(t, page)
	var got diff.Report
	require.NoError(t, json.Unmarshal(unpack(t, elementOf(t, page, "packed-rest")), &got))
	require.Empty(t, got.Differences)
	got.Differences = details
	require.Equal(t, r, &got)
}

func TestAnAnchorNamesADifferenceInEveryRun(t *testing.T) {
	c := diff.Cell{Operation: "GET /orders/{id}", Place: diff.Place{Part: diff.Body, Path: "$.total"}, Kind: diff.Retyped}
	assert.Equal(t, "difference-05b6e48d5659ccb2", report.Anchor(c))
	other := c
	other.Kind = diff.Changed
	assert.NotEqual(t, report.Anchor(c), report.Anchor(other))
}

func BenchmarkRender(b *testing.B) {
	r := hugeReport(20_000, 200)
	for name, render := range map[string]func(io.Writer) error{
		"html":     func(w io.Writer) error { return report.HTML(w, r) },
		"json":     func(w io.Writer) error { return report.JSON(w, r) },
		"junit":    func(w io.Writer) error { return report.JUnit(w, r) },
		"markdown": func(w io.Writer) error { return report.Markdown(w, r, 0) },
		"terminal": func(w io.Writer) error { return report.Terminal(w, r, report.TerminalOptions{}) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				if err := render(&out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out.Len()), "bytes/report")
		})
	}
}
