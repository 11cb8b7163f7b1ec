package compare

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

func TestAnUnmaskedComparerTellsTheSamePlacesAndTheTrueValues(t *testing.T) {
	answer := func(mediaType, secret string) *capture.Response {
		r := &capture.Response{Status: 200, Message: capture.Message{Header: capture.Header{
			{Name: "Content-Type", Value: mediaType}, {Name: "X-Api-Key", Value: secret}, {Name: "Set-Cookie", Value: "sid=" + secret},
		}}}
		r.Body = []byte(map[string]string{
			"application/json": `{"password":"` + secret + `","list":["token=` + secret + `"]}`,
			"text/plain":       "{\"password\":\n\"" + secret + "\"\n",
			"text/html":        "<p>password=" + secret,
		}[mediaType])
		return r
	}
	for _, mediaType := range []string{"application/json", "text/plain", "text/html"} {
		tell := func(c *Comparer) (list []diff.Change) {
			c.Compare("GET /", answer(mediaType, "abc-123"), answer(mediaType, "def-456"), func(ch diff.Change) { list = append(list, ch) })
			return list
		}
		masked, bare := tell(New(nil)), tell(NewUnmasked(nil))
		assert.Len(t, bare, len(masked))
		for i := range bare {
			assert.Equal(t, masked[i].Place, bare[i].Place)
			assert.Equal(t, masked[i].Kind, bare[i].Kind)
			assert.NotContains(t, masked[i].Other, "def-456", masked[i].Place)
			assert.Contains(t, bare[i].Other, "def-456", bare[i].Place)
		}
	}
}

func TestMessagesAreKnownByTheirMediaType(t *testing.T) {
	for mediaType, want := range map[string][2]bool{
		"application/grpc+proto; x": {true, true}, "application/x-protobuf": {true, false},
		"application/json": {false, false}, "": {false, false}, "application/grpc-web": {true, true},
	} {
		messages, framed := IsMessages(&capture.Response{Message: capture.Message{Header: capture.Header{{Name: "Content-Type", Value: mediaType}}}})
		assert.Equal(t, want, [2]bool{messages, framed}, mediaType)
	}
	assert.True(t, IsBodiless("HEAD /", 200))
	assert.False(t, IsBodiless("GET /", 200))
	assert.True(t, IsText([]byte("a\n")))
}
