package notify

import "time"

// maxContentOfWeCom is 4096 bytes in UTF-8
// (https://developer.work.weixin.qq.com/document/path/91770).
const maxContentOfWeCom = 4096

type bodyOfWeCom struct {
	Type     string `json:"msgtype"`
	Markdown struct {
		Content string `json:"content"`
	} `json:"markdown"`
}

var coloursOfWeCom = [...]string{good: "info", waiting: "comment", bad: "warning"}

// composeWeCom writes a message of Markdown, which is WeCom's own: colours are in it,
// mentions are <@name>.
func composeWeCom(_ *Destination, _ *letter, m *message, _ time.Time) request {
	write := func(m *message) string {
		title := `### <font color="` + coloursOfWeCom[m.tone] + `">` + widen(m.mark()+" "+m.title) + "</font>\n"
		return title + m.markdown(widen) + "\n" + m.linked()
	}
	small := fit(*m, func(m *message) bool { return len(write(m)) <= maxContentOfWeCom })
	body := bodyOfWeCom{Type: "markdown"}
	body.Markdown.Content = write(&small)
	return request{body: encode(body)}
}
