package report

import (
	"context"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/capture/har"
)

// HAR writes the exchanges that show the findings as a HAR 1.2 file, in which
// they can be looked at with a browser's tools and replayed.
func HAR(w io.Writer, examples []capture.Exchange) error {
	out := har.NewWriter(w)
	for i := range examples {
		if err := out.WriteExchange(context.Background(), &examples[i]); err != nil {
			return err
		}
	}
	return out.Close()
}
