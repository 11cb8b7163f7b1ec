package jsondiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	peer "github.com/wI2L/jsondiff"
)

// order is one element of the documents that are measured: about 400 bytes of
// what an ordinary service answers.
type order struct {
	ID       string            `json:"id"`
	Customer string            `json:"customer_name"`
	Email    string            `json:"email"`
	Total    json.Number       `json:"total"`
	Paid     bool              `json:"paid"`
	Created  string            `json:"created_at"`
	Note     *string           `json:"note"`
	Lines    []line            `json:"lines"`
	Labels   map[string]string `json:"labels"`
}

type line struct {
	SKU      string      `json:"sku"`
	Quantity int         `json:"quantity"`
	Price    json.Number `json:"price"`
}

// orders returns a document of about 64 KB. change may alter the elements.
func orders(tb testing.TB, indent string, change func(i int, o *order)) []byte {
	list := make([]order, 0, 160)
	for i := range cap(list) {
		o := order{
			ID: fmt.Sprintf("ord-%06d", i), Customer: fmt.Sprintf("Customer number %d", i), Email: fmt.Sprintf("c%d@example.com", i),
			Total: json.Number(fmt.Sprintf("%d.95", 10+i)), Paid: i%2 == 0, Created: "2026-11-21T09:41:00.123Z",
			Labels: map[string]string{"region": "eu-central", "channel": "web", "campaign": "autumn sale for everybody"},
		}
		for n := range 3 {
			o.Lines = append(o.Lines, line{fmt.Sprintf("sku-%d", 3*i+n), n + 1, "3.50"})
		}
		if change != nil {
			change(i, &o)
		}
		list = append(list, o)
	}
	doc, err := json.MarshalIndent(map[string]any{"items": list, "count": len(list), "next": "/orders?page=2"}, "", indent)
	require.NoError(tb, err)
	if indent == "" {
		var b bytes.Buffer
		require.NoError(tb, json.Compact(&b, doc))
		return b.Bytes()
	}
	return doc
}

// best returns the shortest time of several runs, which other work on the machine
// disturbs least.
func best(runs int, run func()) time.Duration {
	shortest := time.Duration(math.MaxInt64)
	for range runs {
		start := time.Now()
		run()
		shortest = min(shortest, time.Since(start))
	}
	return shortest
}

// measure reports the throughput over both documents, and how many times as
// long the peers take for the same comparison, at best.
func measure(b *testing.B, base, other []byte, want int) {
	var d Differ
	run := func() {
		got := 0
		if err := d.Compare(base, other, Options{}, func(Change) { got++ }); err != nil || got != want {
			b.Fatalf("got %d changes and %v, want %d", got, err, want)
		}
	}
	run()
	b.SetBytes(int64(len(base) + len(other)))
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
	own := best(100, run)
	b.ReportMetric(float64(len(base)+len(other))/1e6/own.Seconds(), "best-MB/s")
	report := func(name string, compare func() error) {
		peer := best(10, func() { require.NoError(b, compare()) })
		b.ReportMetric(float64(peer)/float64(own), name)
	}
	report("x-go-cmp", func() error {
		var x, y any
		if err := json.Unmarshal(base, &x); err != nil {
			return err
		}
		if err := json.Unmarshal(other, &y); err != nil {
			return err
		}
		_ = cmp.Diff(x, y)
		return nil
	})
	report("x-wI2L", func() error {
		_, err := peer.CompareJSON(base, other)
		return err
	})
}

func BenchmarkEqualReformatted(b *testing.B) {
	measure(b, orders(b, "", nil), orders(b, "  ", nil), 0)
}

func BenchmarkOneChange(b *testing.B) {
	other := orders(b, "", func(i int, o *order) {
		if i == 80 {
			o.Total = "11.95"
		}
	})
	measure(b, orders(b, "", nil), other, 1)
}

func BenchmarkOneChangeReformatted(b *testing.B) {
	other := orders(b, " ", func(i int, o *order) {
		if i == 80 {
			o.Total = "11.95"
		}
	})
	measure(b, orders(b, "", nil), other, 1)
}

func BenchmarkManyChanges(b *testing.B) {
	other := orders(b, "", func(i int, o *order) {
		o.Created = strings.Replace(o.Created, ".123", fmt.Sprintf(".%03d", 200+i), 1)
		o.Lines[1].Quantity++
	})
	measure(b, orders(b, "", nil), other, 320)
}

func BenchmarkTwoValuesDiffer(b *testing.B) {
	other := orders(b, "", func(i int, o *order) {
		if i == 40 || i == 120 {
			o.Total = "11.95"
		}
	})
	measure(b, orders(b, "", nil), other, 2)
}

func BenchmarkEqualBytes(b *testing.B) {
	doc := orders(b, "", nil)
	measure(b, doc, bytes.Clone(doc), 0)
}

// reversed returns doc with the members of every object in reverse order.
func reversed(doc []byte) []byte {
	if doc[0] != '{' && doc[0] != '[' {
		return doc
	}
	var parts [][]byte
	first := 1
	for i := 1; i < len(doc); i++ {
		if c := doc[i]; c == ',' || c == doc[0]+2 {
			part := doc[first:i]
			if doc[0] == '{' && len(part) > 0 {
				name, _, _ := scanString(part, 0)
				part = append(bytes.Clone(part[:name+1]), reversed(part[name+1:])...)
			} else if len(part) > 0 {
				part = reversed(part)
			}
			parts, first = append(parts, part), i+1
		} else {
			i = valueEnd(doc, i) - 1
			if doc[i+1] == ':' {
				i++
			}
		}
	}
	if doc[0] == '{' {
		slices.Reverse(parts)
	}
	return append(append(doc[:1:1], bytes.Join(parts, []byte{','})...), doc[0]+2)
}

func BenchmarkEqualReordered(b *testing.B) {
	doc := orders(b, "", nil)
	measure(b, doc, reversed(doc), 0)
}

// items returns a document of about 64 KB of many small objects.
func items() []byte {
	b := []byte(`{"items":[`)
	for i := 0; len(b) < 64<<10; i++ {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"id":%d,"name":"product %d","price":%d.50,"tags":["a","b","c"],"stock":{"here":%d,"there":true}}`, i, i, i, i*3)
	}
	return append(b, "]}"...)
}

func BenchmarkEqualReorderedItems(b *testing.B) {
	doc := items()
	measure(b, doc, reversed(doc), 0)
}

func BenchmarkOneInserted(b *testing.B) {
	doc := orders(b, "", nil)
	other := bytes.Replace(doc, []byte(`"items":[`), []byte(`"items":[{"id":"ord-new","lines":[]},`), 1)
	measure(b, doc, other, 1)
}
