package route_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/route"
)

// mesh answers every request with the fields given, and remembers the last one.
type mesh struct {
	answer capture.Header
	fault  replay.Fault
	asked  capture.Header
}

func (m *mesh) Send(_ context.Context, ask *replay.Ask) replay.Answer {
	m.asked = ask.Request.Header
	a := replay.Answer{Request: ask.Request, Fault: m.fault}
	a.Response.Status, a.Response.Header = 200, m.answer
	return a
}

func lane(t *testing.T, m *mesh) *route.Sender {
	t.Helper()
	s, err := route.New(route.Lane{Name: "branch"}, m)
	require.NoError(t, err)
	return s
}

func TestARequestNamesItsLane(t *testing.T) {
	tests := []struct {
		name            string
		recorded, asked capture.Header
	}{
		{"a plain request", nil,
			capture.Header{{Name: "baggage", Value: "lane=branch"}, {Name: "x-twinspect-lane", Value: "branch"}}},
		{"other members stay", capture.Header{{Name: "Baggage", Value: "a=b;p=1, c=d"}, {Name: "Accept", Value: "*/*"}},
			capture.Header{{Name: "Baggage", Value: "a=b;p=1, c=d,lane=branch"}, {Name: "Accept", Value: "*/*"}, {Name: "x-twinspect-lane", Value: "branch"}}},
		{"a recorded lane is left out", capture.Header{{Name: "X-Twinspect-Lane", Value: "old"}, {Name: "baggage", Value: "lane=old,a=b"}},
			capture.Header{{Name: "baggage", Value: "a=b,lane=branch"}, {Name: "x-twinspect-lane", Value: "branch"}}},
		{"in any of several fields", capture.Header{{Name: "baggage", Value: " lane = old "}, {Name: "baggage", Value: "a=b"}},
			capture.Header{{Name: "baggage", Value: "a=b,lane=branch"}, {Name: "x-twinspect-lane", Value: "branch"}}},
		{"a key that only ends alike stays", capture.Header{{Name: "baggage", Value: "airlane=x"}},
			capture.Header{{Name: "baggage", Value: "airlane=x,lane=branch"}, {Name: "x-twinspect-lane", Value: "branch"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m mesh
			before := append(capture.Header(nil), test.recorded...)
			lane(t, &m).Send(t.Context(), &replay.Ask{Request: capture.Request{Message: capture.Message{Header: test.recorded}}})
			assert.Equal(t, test.asked, m.asked)
			assert.Equal(t, before, test.recorded, "the recording is not changed")
		})
	}
}

func TestOnlyAnAttestedAnswerIsTaken(t *testing.T) {
	attest := func(values ...string) (h capture.Header) {
		for _, v := range values {
			h = append(h, capture.Field{Name: "X-Twinspect-Route", Value: v})
		}
		return append(h, capture.Field{Name: "Server", Value: "x"})
	}
	tests := []struct {
		name   string
		mesh   mesh
		fault  replay.Fault
		says   string
		counts [2]uint64
	}{
		{"the lane asked for", mesh{answer: attest("branch")}, "", "", [2]uint64{1, 0}},
		{"another lane", mesh{answer: attest("base")}, replay.Misrouted, `came from "base", not from lane branch`, [2]uint64{0, 1}},
		{"nothing", mesh{answer: attest()}, replay.Misrouted, "must set the response's field x-twinspect-route", [2]uint64{0, 1}},
		{"two", mesh{answer: attest("branch", "base")}, replay.Misrouted, "must set the field, not add it", [2]uint64{0, 1}},
		{"a long one", mesh{answer: attest(strings.Repeat("x", 1000))}, replay.Misrouted, "xxx...", [2]uint64{0, 1}},
		{"no answer", mesh{fault: replay.Reset}, replay.Reset, "", [2]uint64{0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := lane(t, &test.mesh)
			a := s.Send(t.Context(), new(replay.Ask))
			assert.Equal(t, test.fault, a.Fault)
			assert.Contains(t, a.Err, test.says)
			if a.OK() {
				assert.Equal(t, capture.Header{{Name: "Server", Value: "x"}}, a.Response.Header, "it would differ between the sides")
			}
			attested, misrouted := s.Counts()
			assert.Equal(t, test.counts, [2]uint64{attested, misrouted})
		})
	}
}

func TestAProbeSaysWhatIsWrong(t *testing.T) {
	good := mesh{answer: capture.Header{{Name: route.DefaultAttest, Value: "branch"}}}
	s := lane(t, &good)
	require.NoError(t, s.Probe(t.Context(), "/"))
	assert.Equal(t, "branch", good.asked.Get(route.DefaultHeader))
	attested, _ := s.Counts()
	assert.Zero(t, attested)

	assert.ErrorContains(t, lane(t, &mesh{}).Probe(t.Context(), "/health"), "probe of lane branch: GET /health answered 200: the answer does not say")
	assert.ErrorContains(t, lane(t, &mesh{fault: replay.Refused}).Probe(t.Context(), "/"), "refused")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, lane(t, &mesh{fault: replay.Canceled}).Probe(ended, "/"), context.Canceled)
}

func TestALaneNeedsANameThatStandsInAHeader(t *testing.T) {
	for _, name := range []string{"", "a b", "a,b", "a=b", "ä", "a\n"} {
		_, err := route.New(route.Lane{Name: name}, new(mesh))
		assert.ErrorContains(t, err, "name", "%q", name)
	}
	s, err := route.New(route.Lane{Name: "dev.p1", Header: "lane"}, new(mesh))
	require.NoError(t, err)
	assert.Equal(t, route.Lane{Name: "dev.p1", Header: "lane", Attest: route.DefaultAttest, Member: route.DefaultMember}, s.Lane())
}
