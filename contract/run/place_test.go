package run

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

func TestALocationIsATargetBelowTheProvidersURL(t *testing.T) {
	base, err := url.Parse("http://127.0.0.1:8080/api/")
	require.NoError(t, err)
	for location, want := range map[string]string{
		"/api/orders/1": "/orders/1", "http://127.0.0.1:8080/api/orders/1?a=b": "/orders/1?a=b", "/orders/%2F": "/orders/%2F",
		"/apiary/1": "/apiary/1",
	} {
		got, err := targetOf(location, base)
		require.NoError(t, err, location)
		assert.Equal(t, want, got, location)
	}
	for _, location := range []string{"http://elsewhere/api/orders/1", "orders/1", "", "http://127.0.0.1:8080/%zz"} {
		_, err := targetOf(location, base)
		assert.Error(t, err, location)
	}
}

func TestTheNextPageIsTheLinkWithThatRelation(t *testing.T) {
	for link, want := range map[string]string{
		`<https://a/x?page=2>; rel="next", <https://a/x?page=9>; rel="last"`: "https://a/x?page=2",
		`</x?page=1>; rel=prev, </x?page=3>; title="a"; REL=Next`:            "/x?page=3",
		`</x?page=9>; rel="last"`:                                            "", "": "", "nonsense": "",
	} {
		assert.Equal(t, want, nextOf(link), link)
	}
}

func TestAWriteIsBlamedForWhatAReadShows(t *testing.T) {
	cs := &contract.Case{Operation: "POST /a", Steps: []contract.Step{
		{Name: "create", Operation: "POST /a"},
		{Name: "read", Operation: "GET /a/{id}", Expect: contract.Expect{Kept: "create"}},
		{Name: "again", Operation: "GET /a/{id}", Expect: contract.Expect{Same: "read"}},
		{Name: "delete", Operation: "DELETE /a/{id}"},
		{Name: "gone", Operation: "GET /a/{id}"},
	}}
	for _, test := range []struct {
		step  int
		check contract.Check
		want  string
	}{
		{1, contract.ReadAfterWrite, "POST /a"}, {2, contract.Idempotent, "GET /a/{id}"}, {4, contract.UseAfterDelete, "DELETE /a/{id}"},
		{4, contract.BodyKept, "GET /a/{id}"}, {9, contract.BodyKept, "POST /a"},
	} {
		assert.Equal(t, test.want, blamed(cs, &contract.Broken{Step: test.step, Check: test.check}), "%d %s", test.step, test.check)
	}
}

func TestAnOperationThatHangsIsClosedUntilItAnswers(t *testing.T) {
	var h health
	for range maxHangs - 1 {
		h.hear("GET /a", "timeout")
	}
	assert.Empty(t, h.closed("GET /a"))
	h.hear("GET /a", "timeout")
	assert.Equal(t, OperationHangs, h.closed("GET /a"))
	assert.Empty(t, h.closed("GET /b"))
	h.hear("GET /a", "")
	assert.Empty(t, h.closed("GET /a"))
	for range maxRefused {
		h.hear("GET /b", "refused")
	}
	assert.Equal(t, ProviderGone, h.closed("GET /a"))
}
