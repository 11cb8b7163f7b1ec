package notify

import (
	"strings"
	"time"
)

// maxURLOfSlack bounds the URL of a button, and it is more than other services take.
const maxURLOfSlack = 3000

type (
	blockOfSlack map[string]any
	bodyOfSlack  struct {
		Text   string         `json:"text"`
		Mrkdwn bool           `json:"mrkdwn"`
		Blocks []blockOfSlack `json:"blocks"`
	}
)

// plainOfSlack is a text in which nothing is markup
// (https://docs.slack.dev/reference/block-kit/composition-objects/text-object).
func plainOfSlack(text string) blockOfSlack {
	return blockOfSlack{"type": "plain_text", "text": escapeSlack(text), "emoji": false}
}

// composeSlack writes a message of blocks (https://docs.slack.dev/reference/block-kit/blocks).
// It has at most 15 of the 50 that there may be.
func composeSlack(_ *Destination, _ *letter, m *message, _ time.Time) request {
	body := bodyOfSlack{Text: escapeSlack(m.summary()), Blocks: []blockOfSlack{headerOfSlack(m)}}
	if len(m.facts) > 0 {
		fields := make([]blockOfSlack, len(m.facts))
		for i, f := range m.facts {
			fields[i] = plainOfSlack(f.name + ": " + f.value)
		}
		body.Blocks = append(body.Blocks, blockOfSlack{"type": "section", "fields": fields})
	}
	for _, r := range m.reasons {
		text := "• " + r.text
		if r.change != "" {
			text += "\n→ " + r.change
		}
		body.Blocks = append(body.Blocks, blockOfSlack{"type": "section", "text": plainOfSlack(text)})
	}
	if notes := m.asides(); len(notes) > 0 {
		body.Blocks = append(body.Blocks, blockOfSlack{"type": "context", "elements": []blockOfSlack{plainOfSlack(strings.Join(notes, " "))}})
	}
	if buttons := buttonsOfSlack(m.links); len(buttons) > 0 {
		body.Blocks = append(body.Blocks, blockOfSlack{"type": "actions", "elements": buttons})
	}
	return request{body: encode(body)}
}

// headerOfSlack has at most 150 characters, in which escapes have no room.
func headerOfSlack(m *message) blockOfSlack {
	text := strings.Map(func(r rune) rune {
		if r == '&' || r == '<' || r == '>' {
			return wide(r)
		}
		return r
	}, m.mark()+" "+m.title)
	return blockOfSlack{"type": "header", "text": plainOfSlack(text)}
}

func buttonsOfSlack(links []link) []blockOfSlack {
	var buttons []blockOfSlack
	for _, l := range links {
		if len(l.url) <= maxURLOfSlack {
			buttons = append(buttons, blockOfSlack{"type": "button", "text": plainOfSlack(l.text), "url": l.url})
		}
	}
	return buttons
}
