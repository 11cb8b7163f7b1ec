package selfcheck

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/rules"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// answer returns a whole answer; header is name and value in turn.
func answer(status int, mediaType, body string, header ...string) *capture.Response {
	r := &capture.Response{Status: status}
	if mediaType != "" {
		r.Header = append(r.Header, capture.Field{Name: "Content-Type", Value: mediaType})
	}
	for i := 0; i < len(header); i += 2 {
		r.Header = append(r.Header, capture.Field{Name: header[i], Value: header[i+1]})
	}
	r.Body = []byte(body)
	return r
}

func answers(i int, operation string, base, branch *capture.Response) *Answers {
	return &Answers{Operation: operation, Exchange: capture.NewID("test", "c", start, uint64(i)), Base: base, Branch: branch}
}

func jsonAnswers(i int, operation, base, branch string) *Answers {
	return answers(i, operation, answer(200, "application/json", base), answer(200, "application/json", branch))
}

func rulesOf(t testing.TB, entries string) *rules.Set {
	set, err := rules.Parse("conf/twinspect.yaml", []byte("version: 1\nrules:\n"+entries), start)
	require.NoError(t, err)
	return set
}

// judged is a judgement that knows which cells are noise, and of which class.
type judged map[diff.Cell]class.Class

func (j judged) known() judgement {
	known := judgement{differs: make(map[diff.Cell]float64)}
	for cell := range j {
		known.differs[cell] = 0.43
	}
	known.would = func(cell diff.Cell, values class.Set, _ float64) noise.Outlook {
		if learned, noisy := j[cell]; noisy && values.Has(learned) {
			return noise.Missed
		}
		return noise.Proven
	}
	return known
}

// spotAt returns the blind spot at a path; nil where there is none.
func spotAt(s *diff.SelfCheck, path string) *diff.BlindSpot {
	for i := range s.Blind {
		if s.Blind[i].Path == path {
			return &s.Blind[i]
		}
	}
	return nil
}

func text(t testing.TB, v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(b)
}

// product is a body with values of many kinds.
func product(i int) string {
	return fmt.Sprintf(`{"id":"7f1c2e6a-0f5b-4a53-9d0e-%012d","at":"2026-11-21T10:%02d:%02dZ","price":%d.50,"name":"a product",`+
		`"tags":["x","y","z"],"stock":{"count":%d,"open":true,"none":null},"items":[{"sku":"A1","n":1},{"sku":"B2","n":2}]}`, i, i%60, i%50, 5+i%7, i)
}
