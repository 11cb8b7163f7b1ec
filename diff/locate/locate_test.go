package locate

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture/trace"
	"twinspect.dev/diff"
)

// parse makes a tree of lines "service METHOD /route status", indented by their
// depth; "name!" is work inside a service, that fails with an exclamation mark.
func parse(t require.TestingT, text string) *trace.Tree {
	start := time.Unix(1e9, 0)
	var spans []trace.Span
	var path []trace.Span
	for i, line := range strings.Split(strings.Trim(text, "\n"), "\n") {
		depth := len(line) - len(strings.TrimLeft(line, "\t"))
		f := strings.Fields(line)
		s := trace.Span{Trace: trace.TraceID{1}, Kind: trace.Server, Service: f[0],
			Start: start.Add(time.Duration(i) * time.Millisecond)}
		s.End = s.Start.Add(time.Millisecond)
		binary.BigEndian.PutUint64(s.ID[:], uint64(i+1))
		path = path[:depth]
		if depth > 0 {
			s.Parent = path[depth-1].ID
		}
		if len(f) >= 4 {
			s.HTTP.Method, s.HTTP.Route = f[1], f[2]
			_, err := fmt.Sscan(f[3], &s.HTTP.Status)
			require.NoError(t, err)
		} else {
			s.Kind, s.Name = trace.Internal, f[0]
			s.Service = path[depth-1].Service
			if strings.HasSuffix(s.Name, "!") {
				s.Status = trace.Error
			}
		}
		if len(f) == 5 {
			d, err := time.ParseDuration(f[4])
			require.NoError(t, err)
			s.End = s.Start.Add(d)
		}
		path = append(path, s)
		spans = append(spans, s)
	}
	return trace.NewTree(trace.TraceID{1}, spans)
}

const shop = `
shop GET /cart 200
	catalog GET /products/{id} 200
		stock GET /stock 200
	prices GET /prices 200
`

func TestCallsThatDiffer(t *testing.T) {
	for name, tt := range map[string]struct {
		other   string
		changes []string
		service string
		what    string
	}{
		"nothing": {shop, nil, "", ""},
		"another order": {`
shop GET /cart 200
	prices GET /prices 200
	catalog GET /products/{id} 200
		stock GET /stock 200`, nil, "", ""},
		"a function around a call": {`
shop GET /cart 200
	cached
		catalog GET /products/{id} 200
			stock GET /stock 200
	prices GET /prices 200`, nil, "", ""},
		"missing with what is beneath it": {`
shop GET /cart 200
	prices GET /prices 200`,
			[]string{"removed catalog GET /products/{id} [once -> ] at shop GET /cart > catalog GET /products/{id}"},
			"catalog", "base calls it once, branch does not"},
		"added": {shop + "\tads GET /ads 200",
			[]string{"added ads GET /ads [ -> once] at shop GET /cart > ads GET /ads"},
			"ads", "branch calls it once, base does not"},
		"repeated with what is beneath it": {`
shop GET /cart 200
	catalog GET /products/{id} 200
		stock GET /stock 200
	catalog GET /products/{id} 200
		stock GET /stock 200
	prices GET /prices 200`,
			[]string{"repeated catalog GET /products/{id} [once -> 2 times] at shop GET /cart > catalog GET /products/{id}"},
			"catalog", "branch calls it 2 times, base once"},
		"a failure that is handed up": {`
shop GET /cart 500
	catalog GET /products/{id} 502
		stock GET /stock 500
	prices GET /prices 200`,
			[]string{
				"changed catalog GET /products/{id} [200 -> 502] at shop GET /cart > catalog GET /products/{id}",
				"changed stock GET /stock [200 -> 500] at shop GET /cart > catalog GET /products/{id} > stock GET /stock"},
			"stock", "ends with 500 in branch, 200 in base"},
		"a failure, and a call that is not made for it": {`
shop GET /cart 500
	catalog GET /products/{id} 404
		stock GET /stock 200`,
			[]string{
				"changed catalog GET /products/{id} [200 -> 404] at shop GET /cart > catalog GET /products/{id}",
				"removed prices GET /prices [once -> ] at shop GET /cart > prices GET /prices"},
			"catalog", "ends with 404 in branch, 200 in base"},
		"a try that failed and another": {`
shop GET /cart 200
	catalog GET /products/{id} 503
	catalog GET /products/{id} 200
		stock GET /stock 200
	prices GET /prices 200`,
			[]string{
				"repeated catalog GET /products/{id} [once -> 2 times] at shop GET /cart > catalog GET /products/{id}",
				"changed catalog GET /products/{id} [ -> 503] at shop GET /cart > catalog GET /products/{id}"},
			"catalog", "branch calls it 2 times, base once; ends with 503 in branch, nothing else in base"},
		"the root itself": {strings.Replace(shop, "cart 200", "cart 500", 1), nil, "shop", "ends with 500 in branch, 200 in base"},
		"work inside that fails": {`
shop GET /cart 500
	catalog GET /products/{id} 200
		stock GET /stock 200
	render!
	prices GET /prices 200`, nil, "shop",
			"fails in branch and not in base; shop GET /cart ends with 500 in branch, 200 in base"},
		"slower": {`
shop GET /cart 200 400ms
	catalog GET /products/{id} 200 300ms
		stock GET /stock 200
	prices GET /prices 200`, nil, "catalog", "takes 300ms in branch, 1ms in base; nothing else differs"},
	} {
		t.Run(name, func(t *testing.T) {
			base, other := parse(t, shop), parse(t, tt.other)
			var got []string
			for _, c := range Compare(base, other) {
				assert.Equal(t, diff.Call, c.Part)
				got = append(got, fmt.Sprintf("%s %s [%s -> %s] at %s", c.Kind, c.Path, c.Base, c.Other, c.At))
			}
			assert.Equal(t, tt.changes, got)
			p := First(base, other)
			if tt.service == "" {
				assert.Nil(t, p)
				return
			}
			require.NotNil(t, p)
			assert.Equal(t, tt.service, p.Service)
			assert.Equal(t, tt.what, p.What)
			assert.Equal(t, "shop GET /cart", p.Path[0])
		})
	}
}

func TestOrderAndCircumstancesOfParallelCallsDoNotMatter(t *testing.T) {
	const a = `
shop GET /cart 200
	catalog GET /products/{id} 200
	catalog GET /products/{id} 404
		stock GET /stock 200`
	const b = `
shop GET /cart 200
	catalog GET /products/{id} 404
		stock GET /stock 200
	catalog GET /products/{id} 200`
	assert.Empty(t, Compare(parse(t, a), parse(t, b)))
	assert.Nil(t, First(parse(t, a), parse(t, b)))
}

func TestADeepChainIsToldByItsEnds(t *testing.T) {
	text := "shop GET /cart 200"
	for i := range 200 {
		text += fmt.Sprintf("\n%ss%d GET /x 200", strings.Repeat("\t", i+1), i)
	}
	p := First(parse(t, text), parse(t, text+"\n"+strings.Repeat("\t", 201)+"deep GET /y 200"))
	require.NotNil(t, p)
	require.Len(t, p.Path, maxLinks)
	assert.Equal(t, []string{"shop GET /cart", "..."}, p.Path[:2])
	assert.Equal(t, []string{"s199 GET /x", "deep GET /y"}, p.Path[maxLinks-2:])
}

func TestTheMostFrequentPlaceSumsUpMany(t *testing.T) {
	at := func(service, what string) diff.Location {
		return diff.Location{Service: service, Span: "GET /", What: what}
	}
	got := Summarise([]diff.Location{at("a", "3"), at("b", "41"), {}, at("b", "40"), {Service: "a", Span: "GET /", Same: 1, Of: 4}, at("b", "2")})
	assert.Equal(t, diff.Location{Service: "b", Span: "GET /", What: "41", Same: 3, Of: 9}, got)
	assert.Equal(t, diff.Location{}, Summarise(nil))
	assert.Equal(t, diff.Location{Of: 1}, Summarise([]diff.Location{{}}))
}

func TestAnyTwoTreesCompareWithoutContradiction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := randomTree(t), randomTree(t)
		require.Empty(t, Compare(a, a))
		require.Nil(t, First(a, a))
		forth, back := Compare(a, b), Compare(b, a)
		if len(forth) > 0 {
			require.NotNil(t, First(a, b))
		}
		require.Equal(t, len(forth) == 0, len(back) == 0)
	})
}

func randomTree(t *rapid.T) *trace.Tree {
	n := rapid.IntRange(1, 12).Draw(t, "spans")
	spans := make([]trace.Span, n)
	for i := range spans {
		s := &spans[i]
		s.Trace, s.ID[7] = trace.TraceID{1}, byte(i+1)
		s.Parent[7] = byte(rapid.IntRange(0, n).Draw(t, "parent"))
		s.Kind = trace.Kind(rapid.IntRange(0, 5).Draw(t, "kind"))
		s.Service = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service")
		s.Name = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")
		s.HTTP.Status = rapid.SampledFrom([]int{0, 200, 500}).Draw(t, "status")
		s.Start = time.Unix(int64(rapid.IntRange(0, 3).Draw(t, "start")), 0)
		s.End = s.Start
	}
	return trace.NewTree(trace.TraceID{1}, spans)
}

func BenchmarkFirst(b *testing.B) {
	var text strings.Builder
	text.WriteString("shop GET /cart 200\n")
	for i := range 40 {
		fmt.Fprintf(&text, "\tcatalog GET /products/%d 200\n\t\tstock GET /stock 200\n", i%8)
	}
	base, other := parse(b, text.String()), parse(b, text.String()+"\tads GET /ads 200")
	b.ReportAllocs()
	for b.Loop() {
		if First(base, other) == nil {
			b.Fatal("no difference")
		}
	}
}
