package schema_test

import (
	"encoding/json"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

func places(node any, at string, out *[]openapi.Place) {
	switch n := node.(type) {
	case map[string]any:
		for k, v := range n {
			p := at + "/" + esc(k)
			if k == "schema" {
				if _, ok := v.(map[string]any); ok {
					*out = append(*out, openapi.Place(p))
					continue
				}
			}
			places(v, p, out)
		}
	case []any:
		for i, v := range n {
			places(v, at+"/"+itoa(i), out)
		}
	}
}

func TestOcto(t *testing.T) {
	f, err := os.Open("/tmp/h/octo/x/package/generated/api.github.com.json")
	if err != nil {
		t.Skip()
	}
	d := json.NewDecoder(f)
	d.UseNumber()
	var doc map[string]any
	require.NoError(t, d.Decode(&doc))
	var list []openapi.Place
	places(doc["paths"], "file:///o.json#/paths", &list)
	runtime.GC()
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	s := schema.Of("3.0.3", map[string]any{"file:///o.json": doc})
	start := time.Now()
	bad := 0
	for _, dir := range []schema.Direction{0, 1} {
		for _, p := range list {
			if _, err := s.Schema(p, dir); err != nil {
				if bad < 5 {
					t.Log(err)
				}
				bad++
			}
		}
	}
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&m1)
	t.Log(len(list), "places", took, "bad", bad, "heap MB", (m1.HeapAlloc-m0.HeapAlloc)>>20, len(s.Problems()), s.UnknownFormats())
	for i, p := range s.Problems() {
		if i < 10 {
			t.Log(p)
		}
	}
	runtime.KeepAlive(doc)
}
