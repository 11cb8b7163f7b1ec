package recording

import (
	"context"
	"io"

	"twinspect.dev/capture/kafka"
)

// openKafka opens a window of a topic, which is fixed from then on.
func openKafka(ctx context.Context, address string) (*Input, error) {
	target, err := kafka.ParseURL(address)
	if err != nil {
		return nil, err
	}
	src, err := kafka.Open(ctx, target, kafka.SourceOptions{})
	if err != nil {
		return nil, err
	}
	return &Input{src, "records", src.Progress, []io.Closer{src}}, nil
}
