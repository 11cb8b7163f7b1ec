package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"time"
)

// noAnswer is the code of an answer that cannot be read: whoever gave it is not the
// service.
const noAnswer = math.MinInt

// maxBodyOfDingTalk is 20,000 bytes
// (https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages).
const maxBodyOfDingTalk = 20_000

type bodyOfDingTalk struct {
	Type     string `json:"msgtype"`
	Markdown struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"markdown"`
	At struct {
		All bool `json:"isAtAll"`
	} `json:"at"`
}

// composeDingTalk writes a message of Markdown; the title is what is seen without
// opening it.
func composeDingTalk(d *Destination, _ *letter, m *message, now time.Time) request {
	body := bodyOfDingTalk{Type: "markdown"}
	write := func(m *message) []byte {
		body.Markdown.Title = widen(m.mark() + " " + m.title)
		body.Markdown.Text = "### " + body.Markdown.Title + "\n\n" + m.markdown(widen) + "\n" + m.linked()
		return encode(body)
	}
	small := fit(*m, func(m *message) bool { return len(write(m)) <= maxBodyOfDingTalk })
	r := request{body: write(&small)}
	if d.Sign != "" {
		r.url = signDingTalk(d.URL, d.Sign, now)
	}
	return r
}

// signDingTalk adds timestamp, in milliseconds, and sign to a URL
// (https://open.dingtalk.com/document/orgapp/customize-robot-security-settings).
func signDingTalk(to, secret Secret, now time.Time) string {
	u, err := url.Parse(string(to))
	if err != nil {
		return string(to) // it was read before; the service refuses it
	}
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + string(secret)))
	query := u.Query()
	query.Set("timestamp", timestamp)
	query.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	u.RawQuery = query.Encode()
	return u.String()
}

// codeOfErrcode reads {"errcode":0,"errmsg":"ok"}, the answer of DingTalk and WeCom.
func codeOfErrcode(body []byte) (int, string) {
	var a struct {
		Errcode *int
		Errmsg  string
	}
	if err := json.Unmarshal(body, &a); err != nil || a.Errcode == nil {
		return noAnswer, ""
	}
	return *a.Errcode, a.Errmsg
}
