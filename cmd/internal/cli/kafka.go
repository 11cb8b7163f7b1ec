package cli

import (
	"context"
	"io"
	"strings"

	"twinspect.dev/capture/kafka"
)

// IsKafka reports whether a recording's name is the address of a topic:
// kafka://broker:9092/topic?from=-15m&to=now.
func IsKafka(name string) bool { return strings.HasPrefix(name, "kafka://") }

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
