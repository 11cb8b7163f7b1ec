package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// benchDocuments is what the figures are for.
const benchDocuments = 100_000

func BenchmarkSQLite(b *testing.B) { benchmark(b, lite(b)) }

// benchmark asks a database of a hundred thousand documents: a thousand services, ten
// images of each, ten documents of each image.
func benchmark(b *testing.B, url string) {
	s := opened(b, url)
	fill(b, s)
	subject := func(i int) release.Subject {
		return release.Subject{Service: fmt.Sprint("service", i*7919%1000), Digest: fmt.Sprint("sha256:", i%10)}
	}
	for name, of := range map[string]func(int) release.Subject{
		"Case/hot":  func(i int) release.Subject { return subject(i % 50) },
		"Case/cold": subject,
	} {
		b.Run(name, func(b *testing.B) {
			pace(b, func(i int) {
				c, err := s.Case(context.Background(), release.Question{Subject: of(i), At: noon})
				require.NoError(b, err)
				require.Len(b, c.Evidence, 10+foreign)
			})
		})
	}
	b.Run("Record/same", func(b *testing.B) {
		pace(b, func(i int) {
			v := verdict(release.Hold, noon)
			v.Subject = subject(i % 50)
			_, _, err := s.Record(context.Background(), v)
			require.NoError(b, err)
		})
	})
	b.Run("AddEvidence", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			pushed(b, s, "pushed", "sha256:1", i+b.N*1000)
		}
	})
}

// pace asks a thousand times a second, whether answers come or not, and reports the
// quantiles of the time from when an ask was due.
func pace(b *testing.B, ask func(i int)) {
	var took []time.Duration
	began := time.Now()
	for i := 0; b.Loop(); i++ {
		due := began.Add(time.Duration(i) * time.Millisecond)
		time.Sleep(time.Until(due))
		ask(i)
		took = append(took, time.Since(due))
	}
	slices.Sort(took)
	for _, q := range []float64{0.5, 0.99} {
		b.ReportMetric(float64(took[int(q*float64(len(took)-1))].Microseconds())/1000, fmt.Sprintf("p%g-ms", q*100))
	}
}

// fill files evidence, thousands in a transaction.
func fill(b *testing.B, s *Store) {
	ctx := context.Background()
	for from := 0; from < benchDocuments; from += 5000 {
		require.NoError(b, s.write(ctx, func(t tx) error {
			for i := from; i < from+5000; i++ {
				e, doc := of(fmt.Sprint("service", i%1000), fmt.Sprint("sha256:", i/1000%10), i)
				for o := range 10 {
					e.Operations = append(e.Operations, release.Operation{Name: fmt.Sprint("GET /products/", o), Samples: 100})
				}
				f, err := s.filed(e, doc)
				if err != nil {
					return err
				}
				if _, err := t.file(ctx, f, s.packer.writer.EncodeAll(doc, nil), len(doc)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
