package capture_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture"
)

func TestPathOfATarget(t *testing.T) {
	for target, want := range map[string]string{
		"/":                               "/",
		"/a%2Fb/c?d=/e#f":                 "/a%2Fb/c",
		"/go?to=http://example.org/x":     "/go",
		"/http://example.org/x":           "/http://example.org/x",
		"http://example.org/a/b?c":        "/a/b",
		"http://example.org":              "/",
		"http://example.org?u=https://a/": "/",
		"*":                               "*",
		"example.org:443":                 "example.org:443",
		"":                                "",
	} {
		assert.Equal(t, want, capture.PathOf(target), target)
	}
}
