package compare

import (
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff/rules"
)

// NewUnmasked returns a Comparer that tells values as they are, secrets among
// them, which saves most of the time that telling takes. It is for callers that
// keep of a difference its place, its kind and the classes of its values.
func NewUnmasked(set *rules.Set) *Comparer {
	c := New(set)
	c.mask = &masker{bare: true}
	return c
}

// IsBodiless reports whether the answer of that status to a request of the
// operation has no content that is compared.
func IsBodiless(operation string, status int) bool {
	return isBodiless(strings.HasPrefix(operation, "HEAD "), status)
}

// IsText reports whether a body that has no media type is compared as text.
func IsText(body []byte) bool { return isText(body) }

// IsMessages reports whether the body of an answer is compared as protobuf
// messages where there is a [Protobuf], and whether each has the prefix of gRPC.
func IsMessages(r *capture.Response) (messages, framed bool) {
	name, _, _ := strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), ";")
	name = trim(name)
	return isProtobuf(name), isGRPC(name)
}
