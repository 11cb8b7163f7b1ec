package recording

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"twinspect.dev/capture/kafka"
)

// Fix returns a name under which every reading gives the same: that of a topic
// has the window in it that it stands for now. What a worker of a group gets
// cannot be fixed; its name stays.
func Fix(ctx context.Context, name string) (string, error) {
	if !kafka.IsURL(name) {
		return name, nil
	}
	target, err := kafka.ParseURL(name)
	if err != nil || target.Group != "" || target.Window != nil {
		return name, err
	}
	src, err := kafka.Open(ctx, target, kafka.SourceOptions{})
	if err != nil {
		return "", err
	}
	window := src.Window()
	if err := src.Close(); err != nil {
		return "", err
	}
	return withWindow(name, window)
}

// withWindow puts the window into a topic's address in place of what said where
// it begins and ends.
func withWindow(name string, window kafka.Window) (string, error) {
	address, query, _ := strings.Cut(name, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", fmt.Errorf("kafka URL: %w", err)
	}
	for _, position := range []string{"from", "to", "partition"} {
		values.Del(position)
	}
	values.Set("window", window.String())
	return address + "?" + values.Encode(), nil
}

// isFixed reports whether an address has a window and belongs to no group.
func isFixed(address string) bool {
	target, err := kafka.ParseURL(address)
	return err == nil && target.Window != nil && target.Group == ""
}

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
	return &Input{target.String(), src, "records", src.Progress, []io.Closer{src}}, nil
}
