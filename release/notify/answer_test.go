package notify

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAnswersMeanWhatTheServicesDocument(t *testing.T) {
	for name, c := range map[string]struct {
		kind   Kind
		status int
		body   string
		want   answer // why is compared where it is given
	}{
		"Slack took it":                {Slack, 200, "ok", answer{delivered: true}},
		"Slack has no such channel":    {Slack, 404, "channel_not_found", answer{why: `the answer was 404, "channel_not_found"`}},
		"Slack removed the hook":       {Slack, 410, "channel_is_archived", answer{}},
		"Slack takes no such payload":  {Slack, 400, "invalid_blocks", answer{why: `the answer was 400, "invalid_blocks"`}},
		"Slack is away":                {Slack, 503, "", answer{again: true}},
		"Feishu took it":               {Feishu, 200, `{"code":0,"data":{},"msg":"success"}`, answer{delivered: true}},
		"Feishu of old took it":        {Feishu, 200, `{"Extra":null,"StatusCode":0,"StatusMessage":"success"}`, answer{delivered: true}},
		"Feishu does not know the key": {Feishu, 200, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`, answer{why: `the answer was 200, code 19021, "sign match fail or timestamp is not within one hour from current time"`}},
		"Feishu takes no such card":    {Feishu, 400, `{"code":9499,"msg":"Bad Request","data":{}}`, answer{}},
		"Feishu is asked too often":    {Feishu, 200, `{"code":11232,"msg":"frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"}`, answer{again: true, wait: time.Second}},
		"Feishu is asked too often, 2": {Feishu, 400, `{"code":99991400,"msg":"request trigger frequency limit"}`, answer{again: true, wait: time.Second}},
		"no Feishu":                    {Feishu, 200, `<html>`, answer{why: "the answer, 200, is none of that service"}},
		"no Feishu either":             {Feishu, 200, `{}`, answer{}},
		"a gateway before Feishu":      {Feishu, 502, `<html>`, answer{again: true}},
		"DingTalk took it":             {DingTalk, 200, `{"errcode":0,"errmsg":"ok"}`, answer{delivered: true}},
		"DingTalk does not know it":    {DingTalk, 200, `{"errcode":310000,"errmsg":"sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"}`, answer{}},
		"DingTalk has no such token":   {DingTalk, 200, `{"errcode":300005,"errmsg":"token is not exist"}`, answer{}},
		"DingTalk is asked too often":  {DingTalk, 200, `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`, answer{again: true, wait: 10 * time.Minute}},
		"DingTalk is busy":             {DingTalk, 200, `{"errcode":-1,"errmsg":"system busy"}`, answer{again: true, wait: time.Second}},
		"WeCom took it":                {WeCom, 200, `{"errcode":0,"errmsg":"ok"}`, answer{delivered: true}},
		"WeCom has no such key":        {WeCom, 200, `{"errcode":93000,"errmsg":"invalid webhook url, hint: [1636]"}`, answer{}},
		"WeCom is asked too often":     {WeCom, 200, `{"errcode":45009,"errmsg":"api freq out of limit"}`, answer{again: true, wait: time.Minute}},
		"a webhook took it":            {Webhook, 204, "", answer{delivered: true}},
		"a webhook leads elsewhere":    {Webhook, 302, "", answer{}},
		"a webhook is too slow":        {Webhook, 408, "", answer{again: true}},
		"a webhook is asked too often": {Webhook, 429, "", answer{again: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got := forms[c.kind].judge(c.status, http.Header{}, []byte(c.body), moment)
			if c.want.why == "" {
				got.why = ""
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-1": 0, "soon": 0, "99999999999999999999": 0, "86400": maxAsked,
		moment.Add(20 * time.Second).Format(http.TimeFormat): 20 * time.Second, moment.Add(-time.Hour).Format(http.TimeFormat): 0,
		moment.Add(time.Hour).Format(http.TimeFormat): maxAsked,
	} {
		assert.Equal(t, want, retryAfter(http.Header{"Retry-After": {text}}, moment), text)
	}
}

func TestWaitsGrowToAMinute(t *testing.T) {
	assert.Equal(t, time.Second, backoff(1, 1))
	assert.Equal(t, time.Second/2, backoff(1, 0))
	assert.Equal(t, 8*time.Second, backoff(4, 1))
	for _, n := range []int{7, 8, 60, 1000} {
		assert.Equal(t, time.Minute, backoff(n, 1))
	}
}

// The signatures were computed apart, by openssl dgst -sha256 -hmac.
func TestSignaturesAreThoseOfTheDocumentation(t *testing.T) {
	assert.Equal(t, "q4jswNiMy51J5JuQV566yJat0/lQ/c+22kINzUgKsGU=", signFeishu("secret", "1599360473"))
	assert.Equal(t, "https://oapi.example/robot/send?access_token=a%26b&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D&timestamp=1577262236757",
		signDingTalk("https://oapi.example/robot/send?access_token=a%26b", "this is secret", time.UnixMilli(1577262236757)))
	assert.Equal(t, "v1=0f338f71d95603d5297db618888a9325b1c1a8514b3ea4563f377a18d1a32270", signWebhook("hush", "1795338000", []byte("{}")))
}
