package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/release"
)

// service answers requests in turn; the last answer stays.
type service struct {
	mu      sync.Mutex
	answers []func(*http.Request) (*http.Response, error)
	got     []sent
}

type sent struct {
	at   time.Time
	url  string
	body string
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, sent{time.Now(), r.URL.String(), string(body)})
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return answer(r)
}

func (s *service) requests() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sent(nil), s.got...)
}

type answerer = func(*http.Request) (*http.Response, error)

func says(status int, body string, header ...string) answerer {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func breaks(err error) answerer {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

var refusedConnection = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

// rig is a notifier in a bubble of time, with a service behind it.
type rig struct {
	*Notifier
	service *service
	log     *bytes.Buffer
	end     func()
}

// within runs a test in a bubble; the notifier has ended after it and its account
// balances.
func within(t *testing.T, to Destination, answers []answerer, test func(*testing.T, *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{service: &service{answers: answers}, log: &bytes.Buffer{}}
		r.Notifier = New(&Config{To: []Destination{to}}, Options{
			URL: "https://gate.example", Transport: r.service, Log: slog.New(slog.NewTextHandler(r.log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		r.end = func() { cancel(); <-done }
		test(t, r)
		r.end()
		require.NoError(t, r.Account().Balance())
		assert.Zero(t, r.Account()[0].Open, "nothing stays behind")
		assert.NotContains(t, r.log.String(), "hunter2")
	})
}

var (
	slack    = Destination{Name: "chat", Kind: Slack, URL: "https://hooks.example/services/hunter2secret"}
	dingTalk = Destination{Name: "chat", Kind: DingTalk, URL: "https://oapi.example/robot/send?access_token=hunter2secret"}
	audit    = Destination{Name: "audit", Kind: Webhook, URL: "https://audit.example/hunter2secret"}
)

func TestAServiceThatIsBusyIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	within(t, slack, []answerer{says(429, "rate_limited", "Retry-After", "30"), says(200, "ok")}, func(t *testing.T, r *rig) {
		r.Verdict(verdict("catalog", release.Hold))
		time.Sleep(time.Minute)
		got := r.service.requests()
		require.Len(t, got, 2)
		assert.Equal(t, 30*time.Second, got[1].at.Sub(got[0].at))
		assert.Equal(t, capture.Stats{Seen: 1, Written: 1}, r.Account()[0].Stats)
	})
}

func TestFailuresThatPassAreTriedAgain(t *testing.T) {
	answers := []answerer{says(503, "hunter2secret"), breaks(refusedConnection), breaks(io.ErrUnexpectedEOF), hangs, says(200, "ok")}
	within(t, slack, answers, func(t *testing.T, r *rig) {
		r.Verdict(verdict("catalog", release.Hold))
		time.Sleep(2 * time.Minute)
		assert.Len(t, r.service.requests(), 5)
		assert.Equal(t, uint64(1), r.Account()[0].Written)
		assert.Contains(t, r.log.String(), "is tried again")
	})
}

func TestWhatAServiceRefusesIsNotTriedAgainAndToldInTheNextMessage(t *testing.T) {
	within(t, slack, []answerer{says(400, "invalid_blocks hunter2secret"), says(200, "ok")}, func(t *testing.T, r *rig) {
		r.Verdict(verdict("catalog", release.Hold))
		synctest.Wait()
		assert.Contains(t, r.log.String(), "invalid_blocks [secret]")
		r.Verdict(verdict("catalog", release.Rollback))
		time.Sleep(time.Second)
		got := r.service.requests()
		require.Len(t, got, 2)
		assert.Contains(t, got[1].body, "1 message before this one could not be delivered")
		assert.Equal(t, map[capture.Reason]uint64{refused: 1}, r.Account()[0].Dropped)
	})
}

func TestAServiceThatStaysAwayIsGivenUpAfterHalfAnHour(t *testing.T) {
	within(t, slack, []answerer{breaks(&net.DNSError{Err: "no such host", Name: "hunter2"})}, func(t *testing.T, r *rig) {
		r.Verdict(verdict("catalog", release.Hold))
		time.Sleep(patience + time.Minute)
		synctest.Wait()
		assert.Equal(t, map[capture.Reason]uint64{unreachable: 1}, r.Account()[0].Dropped)
		assert.Contains(t, r.log.String(), "its host was not found")
		n := len(r.service.requests())
		assert.Greater(t, n, 30)
		assert.Less(t, n, 80)
	})
}

func TestTheRateOfAServiceIsKept(t *testing.T) {
	within(t, dingTalk, []answerer{says(200, `{"errcode":0,"errmsg":"ok"}`)}, func(t *testing.T, r *rig) {
		for i := range 60 {
			r.Verdict(verdict("s"+strconv.Itoa(i), release.Hold))
		}
		time.Sleep(5 * time.Minute)
		got := r.service.requests()
		require.Len(t, got, 60)
		for i := range len(got) - 20 {
			assert.Greater(t, got[i+20].at.Sub(got[i].at), time.Minute, "more than 20 within a minute")
		}
	})
}

func TestDingTalkThatLimitsIsLeftAloneForTenMinutes(t *testing.T) {
	answers := []answerer{says(200, `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`), says(200, `{"errcode":0,"errmsg":"ok"}`)}
	within(t, dingTalk, answers, func(t *testing.T, r *rig) {
		r.Verdict(verdict("catalog", release.Hold))
		time.Sleep(limitedWait + time.Second)
		got := r.service.requests()
		require.Len(t, got, 2)
		assert.Equal(t, limitedWait, got[1].at.Sub(got[0].at))
	})
}

func TestWhatFlapsIsOneMessageAfterAMinute(t *testing.T) {
	within(t, audit, []answerer{says(200, "")}, func(t *testing.T, r *rig) {
		for range 5 {
			r.Verdict(verdict("catalog", release.Hold))
			time.Sleep(5 * time.Second)
		}
		assert.Len(t, r.service.requests(), 1)
		time.Sleep(time.Minute)
		got := r.service.requests()
		require.Len(t, got, 2)
		assert.Contains(t, got[1].body, `"count":4`)
		assert.Equal(t, time.Minute, got[1].at.Sub(got[0].at))
	})
}

func TestTellingNeverBlocks(t *testing.T) {
	within(t, slack, []answerer{hangs}, func(t *testing.T, r *rig) {
		began := time.Now()
		for i := range 10_000 {
			r.Verdict(verdict("s"+strconv.Itoa(i), release.Hold))
			r.Override(release.Override{ID: strconv.Itoa(i)})
			r.Stop(release.Stop{ID: strconv.Itoa(i)})
		}
		assert.Equal(t, began, time.Now())
		assert.Equal(t, uint64(30_000), r.Account()[0].Seen)
		assert.LessOrEqual(t, r.Account()[0].Open, uint64(maxWaiting+1))
	})
}

func TestTheEndSendsWhatWaitsAndWhatIsHeld(t *testing.T) {
	within(t, audit, []answerer{says(200, "")}, func(t *testing.T, r *rig) {
		r.Verdict(verdict("catalog", release.Hold))
		synctest.Wait()
		r.Verdict(verdict("catalog", release.Hold))
		synctest.Wait()
		assert.Len(t, r.service.requests(), 1)
		r.end()
		assert.Len(t, r.service.requests(), 2)
		r.Verdict(verdict("late", release.Hold))
		assert.Equal(t, map[capture.Reason]uint64{atEnd: 1}, r.Account()[0].Dropped)
	})
}

func TestTheEndWaitsForFiveSecondsAtMost(t *testing.T) {
	within(t, slack, []answerer{hangs}, func(t *testing.T, r *rig) {
		for i := range 10 {
			r.Verdict(verdict("s"+strconv.Itoa(i), release.Hold))
		}
		synctest.Wait()
		began := time.Now()
		r.end()
		assert.Equal(t, drainTime, time.Since(began))
		assert.Equal(t, map[capture.Reason]uint64{atEnd: 10}, r.Account()[0].Dropped)
	})
}

func TestReloadKeepsWhatWaitsForThoseWhoRemain(t *testing.T) {
	within(t, slack, []answerer{breaks(refusedConnection), says(200, "")}, func(t *testing.T, r *rig) {
		r.Verdict(verdict("catalog", release.Hold))
		synctest.Wait()
		moved := slack
		moved.URL = "https://hooks.example/moved"
		r.Reload(&Config{To: []Destination{moved, audit}})
		time.Sleep(time.Second)
		r.Stop(release.Stop{ID: "st_1", Services: []string{"*"}, From: time.Now()})
		time.Sleep(5 * time.Second)
		got := r.service.requests()
		require.Len(t, got, 4)
		assert.Equal(t, "https://hooks.example/moved", got[1].url)
		account := r.Account()
		require.Len(t, account, 2)
		assert.Equal(t, uint64(2), account[0].Written)
		assert.Equal(t, uint64(1), account[1].Written)
	})
}

func TestReloadDropsWhatWaitsForThoseWhoAreGone(t *testing.T) {
	within(t, slack, []answerer{hangs}, func(t *testing.T, r *rig) {
		for i := range 3 {
			r.Verdict(verdict("s"+strconv.Itoa(i), release.Hold))
		}
		synctest.Wait()
		r.Reload(nil)
		account := r.Account()
		require.Len(t, account, 1)
		assert.Equal(t, capture.Stage{Name: "notify, removed", Unit: "notices", Stats: capture.Stats{Seen: 3, Dropped: map[capture.Reason]uint64{removed: 3}}}, account[0])
		r.Verdict(verdict("nobody", release.Hold))
	})
}

func TestManyTellAndReloadAtOnce(t *testing.T) {
	within(t, audit, []answerer{says(200, "")}, func(_ *testing.T, r *rig) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for j := range 50 {
					r.Verdict(verdict("s"+strconv.Itoa(i*50+j), release.Hold))
					r.Account()
					if j%10 == i {
						r.Reload(&Config{To: []Destination{audit, slack}[:1+j%2]})
					}
				}
			})
		}
		all.Wait()
		r.Reload(&Config{To: []Destination{audit}})
		time.Sleep(time.Minute)
	})
}

func TestFailuresAreToldWithoutTheURL(t *testing.T) {
	for want, err := range map[string]error{
		"no answer in time":                           context.DeadlineExceeded,
		"its host was not found":                      &net.OpError{Op: "dial", Err: &net.DNSError{Name: "hunter2", Err: "no such host"}},
		"dial failed: connection refused":             refusedConnection,
		"the try was ended":                           context.Canceled,
		"the connection failed (*errors.errorString)": errors.New("hunter2"),
	} {
		assert.Equal(t, want, failure(err))
	}
}
