package redact_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture/redact"
)

func TestStringsOfMessagesAreRedactedWithoutDescriptors(t *testing.T) {
	out := body(t, redactor(t, redact.Defaults()), "application/grpc+proto", "\x00\x00\x00\x00\x0d\x0a\x0bjane@x.orgg\x00\x00\x00\x00\x02\x08\x01")
	assert.Regexp(t, "^\x00\x00\x00\x00\x1b\x0a\x19[a-z]{8}@redacted\\.invalid\x00\x00\x00\x00\x02\x08\x01$", out)
}
