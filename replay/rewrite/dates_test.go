package rewrite

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

func TestTimesMoveInTheirOwnForm(t *testing.T) {
	const by = 36*time.Hour + 1500*time.Millisecond
	for _, c := range []struct{ from, want string }{
		{"2026-11-01T10:00:00Z", "2026-11-02T22:00:01Z"},
		{"2026-11-01t10:00:00.0z", "2026-11-02t22:00:01.5z"},
		{"2026-11-01 10:00:00,250+02:00", "2026-11-02 22:00:01,750+02:00"},
		{"2026-11-01T10:00:00.123456789123-08:00", "2026-11-02T22:00:01.623456789123-08:00"},
		{"2026-11-01T10:00:00", "2026-11-02T22:00:01"},
		{"2026-12-31", "2027-01-01"},
		{"Sun, 01 Nov 2026 10:00:00 GMT", "Mon, 02 Nov 2026 22:00:01 GMT"},
		{"1793527200", "1793656801"},
		{"1793527200000", "1793656801500"},
		// What looks like one and is none.
		{"2026-13-01", "2026-13-01"},
		{"2026-02-30", "2026-02-30"},
		{"2026-11-01T25:00:00Z", "2026-11-01T25:00:00Z"},
		{"2026-11-01T10:00:00Zulu", "2026-11-01T10:00:00Zulu"},
		{"2026-11-01T10:00:00.Z", "2026-11-01T10:00:00.Z"},
		{"2026-11-01T10:00:00+0200", "2026-11-01T10:00:00+0200"},
		{"9999-12-31T23:00:00Z", "9999-12-31T23:00:00Z"},
		{"sun, 01 Nov 2026 10:00:00 GMT", "sun, 01 Nov 2026 10:00:00 GMT"},
		{"4111111111", "4111111111"},
		{"01793527200", "01793527200"},
		{"17935272001793527200", "17935272001793527200"},
		{"", ""},
	} {
		s := shifter{by: by, around: recordedAt, formats: [numFormats]bool{true, true, true, true}}
		got, moved := s.text(c.from, true)
		assert.Equal(t, c.want, got)
		assert.Equal(t, c.from != c.want, moved, c.from)
	}
}

func TestNamesOfTimes(t *testing.T) {
	for _, name := range []string{
		"exp", "created_at", "createdAt", "validTo", "date", "timestamp", "X-Timestamp", "timestampMs", "expiresIn", "since", "filter[until]", "start_time", "StartTIME",
	} {
		assert.True(t, isTimeName(name), name)
	}
	for _, name := range []string{"id", "total", "format", "Dates2", "tonnage", "attitude", "customerId", "from_account", "", "EXPO", strings.Repeat("a", 70)} {
		assert.False(t, isTimeName(name), name)
	}
}

func TestDatesMoveInEveryPlace(t *testing.T) {
	const rules = "dates: {shift: 24h}\n"
	for _, c := range []struct{ target, media, body, wantTarget, wantBody string }{
		{"/?since=1793527200&id=1793527200&t=2026-11-01T10%3A00%3A00%2B02:00", "", "", "/?since=1793613600&id=1793527200&t=2026-11-02T10%3A00%3A00%2B02:00", ""},
		{"/?t=2026-11-01T10:00:00+02:00&u=Sun%2C+01+Nov%202026+10:00:00+GMT", "", "", "/?t=2026-11-02T10:00:00+02:00&u=Mon%2C+02+Nov%202026+10:00:00+GMT", ""},
		{"/?t=2026-11-01T10%3A00%3A0&%zz=2026-11-01&x=%z", "", "", "/?t=2026-11-01T10%3A00%3A0&%zz=2026-11-02&x=%z", ""},
		{"/", "application/json", `{"at": "2026-11-01", "times":[1793527200], "exp" : 1793527200, "id":1793527200, "o":{"x":1793527200,"validFrom":"1793527200000"}}`,
			"/", `{"at": "2026-11-02", "times":[1793527200], "exp" : 1793613600, "id":1793527200, "o":{"x":1793527200,"validFrom":"1793613600000"}}`},
		{"/", "application/merge-patch+json", `{"date":[1793527200,{"n":1793527200}]}`, "/", `{"date":[1793613600,{"n":1793527200}]}`},
		{"/", "", `"2026-11-01"`, "/", `"2026-11-02"`},
		{"/", "application/json", `{"at":"2026-11-01"`, "/", `{"at":"2026-11-01"`},
		{"/", "text/plain", `2026-11-01`, "/", `2026-11-01`},
		{"/", "application/x-www-form-urlencoded", `a=2026-11-01&b&a=%32026-11-01`, "/", `a=2026-11-02&b&a=%32026-11-02`},
		{"/", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n2026-11-01\r\n--b--", "/", "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n2026-11-02\r\n--b--"},
	} {
		got := sent(t, parse(t, rules), replay.To, request("POST", c.target, c.body, "Content-Type", c.media, "If-Modified-Since", "Sun, 01 Nov 2026 10:00:00 GMT", "If-Range", "Sun, 01 Nov 2026 10:00:00 GMT"))
		assert.Equal(t, c.wantTarget, got.Target)
		assert.Equal(t, c.wantBody, string(got.Body))
		assert.Equal(t, []string{"Content-Type: " + c.media, "If-Modified-Since: Mon, 02 Nov 2026 10:00:00 GMT", "If-Range: Sun, 01 Nov 2026 10:00:00 GMT"}, lines(got.Header))
	}
}

func TestPlacesAndFormatsCanBeChosen(t *testing.T) {
	rules := parse(t, "dates: {shift: -24h, places: [query], formats: [epoch-ms]}\n")
	got := sent(t, rules, replay.To, request("POST", "/?at=1793527200000&b_at=1793527200&c=2026-11-01", `{"at":"2026-11-01"}`, "X-Time", "1793527200000"))
	assert.Equal(t, "/?at=1793440800000&b_at=1793527200&c=2026-11-01", got.Target)
	assert.Equal(t, `{"at":"2026-11-01"}`, string(got.Body))
	assert.Equal(t, []string{"X-Time: 1793527200000"}, lines(got.Header))
	assert.Equal(t, map[string]uint64{"epoch-ms": 1}, rules.Report().Dates.Values)
}

func TestAllSidesOfAnExchangeAreSentTheSameTime(t *testing.T) {
	rules := parse(t, "dates: {shift: now}\n")
	now := recordedAt.Add(24 * time.Hour)
	rules.now = func() time.Time { now = now.Add(time.Second); return now }
	var got []string
	next := replay.SenderFunc(func(_ context.Context, ask *replay.Ask) replay.Answer {
		got = append(got, ask.Request.Target)
		return replay.Answer{}
	})
	for id := range 2 {
		e := &capture.Exchange{ID: capture.ID{byte(id + 1)}, Request: request("GET", "/?at=2026-11-01T10:00:00Z", "")}
		for _, side := range []replay.Side{replay.Base, replay.Control, replay.Branch} {
			rules.Side(side, next).Send(t.Context(), &replay.Ask{Recorded: e, Request: e.Request})
		}
	}
	assert.Equal(t, got[0], got[1])
	assert.Equal(t, got[0], got[2])
	assert.Equal(t, "/?at=2026-11-02T10:00:01Z", got[0])
	assert.NotEqual(t, got[0], got[3])
}

func TestTheTimesOfExchangesAreForgottenInTheirOrder(t *testing.T) {
	var m moments
	id := func(i int) capture.ID { return capture.ID{byte(i), byte(i >> 8), 1} }
	for i := range 3 * maxMoments {
		m.of(id(i), recordedAt.Add(time.Duration(i)))
		require.LessOrEqual(t, len(m.times), maxMoments)
	}
	for i := 2 * maxMoments; i < 3*maxMoments; i++ {
		require.Equal(t, recordedAt.Add(time.Duration(i)), m.of(id(i), time.Time{}))
	}
	assert.Equal(t, time.Time{}, m.of(id(0), time.Time{}))
}

func TestTokensWithoutAKeyAndRequestsWithoutATimeAreCounted(t *testing.T) {
	rules := parse(t, "dates: {shift: now}\n")
	req := request("GET", "/", "", "Authorization", "Bearer "+recordedToken(`{"exp":1793527200}`))
	assert.Equal(t, req.Header, sent(t, rules, replay.To, req).Header)
	req.Start = time.Time{}
	sent(t, rules, replay.To, req)
	report := rules.Report().Dates
	assert.Equal(t, uint64(1), report.Unsigned)
	assert.Equal(t, Counts{Matched: 2, Left: map[capture.Reason]uint64{Absent: 1, NoRecordedTime: 1}}, report.Counts)
	assert.Nil(t, parse(t, "dates: {shift: off}\n").Report().Dates)
}

func TestMovingBackGivesTheTextThatWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1e9, 3e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		layout := rapid.SampledFrom([]string{
			time.RFC3339, time.DateOnly, "2006-01-02T15:04:05.000Z07:00", "2006-01-02 15:04:05.000000000-07:00", http.TimeFormat,
		}).Draw(t, "layout")
		at = at.In(time.FixedZone("", 60*rapid.IntRange(-800, 800).Draw(t, "zone")))
		if layout == http.TimeFormat {
			at = at.UTC()
		}
		by := time.Duration(rapid.Int64Range(-1e18, 1e18).Draw(t, "by"))
		text := at.Format(layout)
		there := shifter{by: by, around: at, formats: [numFormats]bool{true, true, true, true}}
		back := shifter{by: -by, around: at.Add(by), formats: there.formats}
		moved, _ := there.text(text, false)
		again, _ := back.text(moved, false)
		if again != text || len(moved) != len(text) {
			t.Fatalf("%s moved by %s is %s, and back %s", text, by, moved, again)
		}
		if parsed, err := time.Parse(layout, moved); err != nil || layout != time.DateOnly && parsed.Sub(at.Truncate(0)).Abs()-by.Abs() > time.Second {
			t.Fatalf("%s moved by %s is %s: %v", text, by, moved, err)
		}
	})
}

func FuzzDates(f *testing.F) {
	for _, seed := range []string{
		`{"at":"2026-11-01T10:00:00Z"}`, `[1793527200]`, `{"exp":1793527200,"a":[{"b":"2026-11-01"}]}`, `{"a":}`, `[}`, `"`, `{"a":1}{`, "",
	} {
		f.Add(seed, "2026-11-01T10%3A00:00Z", int64(time.Hour))
	}
	f.Fuzz(func(t *testing.T, body, value string, by int64) {
		s := shifter{by: time.Duration(by), around: recordedAt, formats: [numFormats]bool{true, true, true, true}}
		out, left := s.json([]byte(body))
		require.Equal(t, out == nil, left != "")
		if out != nil {
			require.Equal(t, skeleton(body), skeleton(string(out)))
		}
		s.encoded(value, true)
		s.text(value, true)
		addSeconds([]byte(value), by)
	})
}

// skeleton is a text without its digits and letters, which are all that moving a
// time changes; runs of them are one mark, for their length may change.
func skeleton(text string) string {
	var b strings.Builder
	mark := false
	for _, c := range []byte(text) {
		if isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' {
			if !mark {
				fmt.Fprint(&b, "_")
			}
			mark = true
			continue
		}
		mark = false
		b.WriteByte(c)
	}
	return b.String()
}
