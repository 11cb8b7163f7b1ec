package notify

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

// maxBodyOfFeishu is 20 KB (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
const maxBodyOfFeishu = 20_000

type (
	partOfFeishu map[string]any
	bodyOfFeishu struct {
		Timestamp string       `json:"timestamp,omitempty"`
		Sign      string       `json:"sign,omitempty"`
		Type      string       `json:"msg_type"`
		Card      partOfFeishu `json:"card"`
	}
)

// composeFeishu writes an interactive card.
func composeFeishu(d *Destination, _ *letter, m *message, now time.Time) request {
	body := bodyOfFeishu{Type: "interactive"}
	if d.Sign != "" {
		body.Timestamp = strconv.FormatInt(now.Unix(), 10)
		body.Sign = signFeishu(d.Sign, body.Timestamp)
	}
	write := func(m *message) []byte {
		body.Card = cardOfFeishu(m)
		return encode(body)
	}
	small := fit(*m, func(m *message) bool { return len(write(m)) <= maxBodyOfFeishu })
	return request{body: write(&small)}
}

// signFeishu signs as Feishu documents it: the key is the text, and nothing is hashed.
func signFeishu(secret Secret, timestamp string) string {
	mac := hmac.New(sha256.New, []byte(timestamp+"\n"+string(secret)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

var coloursOfFeishu = [...]string{good: "green", waiting: "yellow", bad: "red"}

func cardOfFeishu(m *message) partOfFeishu {
	plain := func(text string) partOfFeishu { return partOfFeishu{"tag": "plain_text", "content": text} }
	var elements []partOfFeishu
	if text := m.markdown(escapeFeishu); text != "" {
		elements = append(elements, partOfFeishu{"tag": "markdown", "content": text})
	}
	var buttons []partOfFeishu
	for _, l := range m.links {
		buttons = append(buttons, partOfFeishu{"tag": "button", "type": "default", "text": plain(l.text), "url": l.url})
	}
	if len(buttons) > 0 {
		elements = append(elements, partOfFeishu{"tag": "action", "actions": buttons})
	}
	return partOfFeishu{
		"config":   partOfFeishu{"wide_screen_mode": true},
		"header":   partOfFeishu{"template": coloursOfFeishu[m.tone], "title": plain(m.mark() + " " + m.title)},
		"elements": elements,
	}
}

// codeOfFeishu reads an answer, of which there is a form of old:
// {"code":0,"msg":"success"} and {"StatusCode":0,"StatusMessage":"success"}.
func codeOfFeishu(body []byte) (int, string) {
	var a struct {
		Code, StatusCode   *int
		Msg, StatusMessage string
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return noAnswer, ""
	}
	code := cmp.Or(a.Code, a.StatusCode)
	if code == nil {
		return noAnswer, ""
	}
	return *code, cmp.Or(a.Msg, a.StatusMessage)
}
