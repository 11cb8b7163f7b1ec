package notify

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/time/rate"
)

// form is how a service wants its messages, and what its answers mean.
type form struct {
	// compose writes the request of a letter. m is nil for a form that needs no words.
	compose func(d *Destination, l *letter, m *message, now time.Time) request
	// words says that people read it.
	words bool
	// code reads the error that an answer of 200 may hold, 0 for none; nil where the
	// status says all.
	code func(body []byte) (code int, text string)
	// again has the codes after which one tries again, and how long to wait at least.
	again map[int]time.Duration
	// every and burst are the rate that the service lets pass.
	every time.Duration
	burst int
}

// request is one POST.
type request struct {
	url    string
	header http.Header
	body   []byte
}

// limitedWait is how long DingTalk lets nothing pass once too much came
// (https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages).
const limitedWait = 10 * time.Minute

// forms has the form of each kind, with the rates that the services document: Slack one
// message a second, with short bursts; Feishu 100 a minute and 5 a second; DingTalk and
// WeCom 20 a minute, which a burst of 5 and 15 a minute after it never exceed.
var forms = map[Kind]*form{
	Slack:  {compose: composeSlack, words: true, every: time.Second, burst: 3},
	Feishu: {compose: composeFeishu, words: true, code: codeOfFeishu, again: map[int]time.Duration{11232: time.Second, 99991400: time.Second}, every: 625 * time.Millisecond, burst: 4},
	DingTalk: {compose: composeDingTalk, words: true, code: codeOfErrcode, again: map[int]time.Duration{-1: time.Second, 130101: limitedWait},
		every: 4 * time.Second, burst: 5},
	WeCom: {compose: composeWeCom, words: true, code: codeOfErrcode, again: map[int]time.Duration{-1: time.Second, 45009: time.Minute},
		every: 4 * time.Second, burst: 5},
	Webhook: {compose: composeWebhook, every: 50 * time.Millisecond, burst: 20},
}

// limiter keeps to the rate of a form.
func (f *form) limiter() *rate.Limiter { return rate.NewLimiter(rate.Every(f.every), f.burst) }

// compose writes the request of a letter to a destination.
func compose(d *Destination, l *letter, base *url.URL, now time.Time) request {
	f := forms[d.Kind]
	var m *message
	if f.words {
		m = describe(l, base)
	}
	r := f.compose(d, l, m, now)
	if r.url == "" {
		r.url = string(d.URL)
	}
	if r.header == nil {
		r.header = d.header()
	}
	return r
}

// encode writes JSON. What is handed in has only texts, numbers and times, which
// always have a JSON form.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// fit returns the greatest message that has room: it leaves out reasons from the last,
// then links, then facts, so that what is there is whole.
func fit(m message, hasRoom func(*message) bool) message {
	for !hasRoom(&m) {
		switch {
		case len(m.reasons) > 0:
			m.reasons = m.reasons[:len(m.reasons)-1]
			m.more++
		case len(m.links) > 0:
			m.links = m.links[:len(m.links)-1]
		case len(m.facts) > 0:
			m.facts = m.facts[:len(m.facts)-1]
		default:
			return m
		}
	}
	return m
}
