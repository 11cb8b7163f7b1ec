package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// imitations answer as the four services and a webhook do, signatures included.
func imitations(got chan<- string) *http.ServeMux {
	mux := http.NewServeMux()
	handle := func(path string, answer func(body []byte, r *http.Request) (int, string)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
			status, text := answer(body, r)
			w.WriteHeader(status)
			fmt.Fprint(w, text)
			got <- path
		})
	}
	handle("/services/T0/B0/key", func(body []byte, _ *http.Request) (int, string) {
		var b bodyOfSlack
		if json.Unmarshal(body, &b) != nil || b.Text == "" || len(b.Blocks) == 0 {
			return 400, "invalid_payload"
		}
		return 200, "ok"
	})
	handle("/open-apis/bot/v2/hook/key", func(body []byte, _ *http.Request) (int, string) {
		var b bodyOfFeishu
		if json.Unmarshal(body, &b) != nil || b.Sign != signFeishu("hush", b.Timestamp) {
			return 200, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`
		}
		return 200, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`
	})
	handle("/robot/send", func(_ []byte, r *http.Request) (int, string) {
		var ms int64
		fmt.Sscan(r.URL.Query().Get("timestamp"), &ms)
		again := signDingTalk(Secret("http://"+r.Host+"/robot/send?access_token=key"), "hush", time.UnixMilli(ms))
		if again != "http://"+r.Host+r.URL.RequestURI() || time.Since(time.UnixMilli(ms)).Abs() > time.Hour {
			return 200, `{"errcode":310000,"errmsg":"sign not match"}`
		}
		return 200, `{"errcode":0,"errmsg":"ok"}`
	})
	handle("/cgi-bin/webhook/send", func(body []byte, r *http.Request) (int, string) {
		var b bodyOfWeCom
		if json.Unmarshal(body, &b) != nil || len(b.Markdown.Content) > 4096 || r.URL.Query().Get("key") != "key" {
			return 200, `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}`
		}
		return 200, `{"errcode":0,"errmsg":"ok"}`
	})
	handle("/notifications", func(body []byte, r *http.Request) (int, string) {
		if r.Header.Get("X-Twinspect-Signature") != signWebhook("hush", r.Header.Get("X-Twinspect-Timestamp"), body) || r.Header.Get("Authorization") != "Bearer t" {
			return 403, "forbidden"
		}
		return 204, ""
	})
	return mux
}

func TestEveryServiceTakesItsMessages(t *testing.T) {
	got := make(chan string, 100)
	server := httptest.NewServer(imitations(got))
	defer server.Close()
	at := func(path string) Secret { return Secret(server.URL + path) }
	c := &Config{To: []Destination{
		{Name: "slack", Kind: Slack, URL: at("/services/T0/B0/key")},
		{Name: "feishu", Kind: Feishu, URL: at("/open-apis/bot/v2/hook/key"), Sign: "hush"},
		{Name: "dingtalk", Kind: DingTalk, URL: at("/robot/send?access_token=key"), Sign: "hush"},
		{Name: "wecom", Kind: WeCom, URL: at("/cgi-bin/webhook/send?key=key")},
		{Name: "webhook", Kind: Webhook, URL: at("/notifications"), Sign: "hush", Headers: []Header{{"Authorization", "Bearer t"}}},
	}}
	n := New(c, Options{URL: "https://gate.example"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	n.Verdict(letters()["verdict"].record)
	n.Override(letters()["override"].override)
	n.Stop(letters()["stop"].stop)
	for range 3 * len(c.To) {
		select {
		case <-got:
		case <-time.After(time.Minute):
			t.Fatal("a message did not arrive")
		}
	}
	cancel()
	<-done
	for _, stage := range n.Account() {
		require.NoError(t, stage.Balance())
		assert.Equal(t, uint64(3), stage.Written, stage.Name)
	}
}

func TestARedirectionIsNotFollowed(t *testing.T) {
	asked := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	n := New(&Config{To: []Destination{{Name: "a", Kind: Webhook, URL: Secret(server.URL + "/here")}}}, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	n.Verdict(verdict("catalog", release.Hold))
	cancel()
	n.Run(ctx) // sends what waits, and ends
	assert.Equal(t, "/here", <-asked)
	assert.Empty(t, asked)
	assert.Equal(t, uint64(1), n.Account()[0].Dropped[refused])
}
