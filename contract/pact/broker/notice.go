package broker

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
)

// Notice is what the broker wants a person to read.
type Notice struct {
	// Type is "success", "info", "warning", "danger", "prompt", "error" or "debug".
	Type string `json:"type,omitempty"`
	Text string `json:"text"`
	// When is when it is to be shown, such as "before_verification" or
	// "after_verification:success_true_published_true"; "" is now.
	When string `json:"when,omitempty"`
}

// noticesOf reads the notices of an answer, or what older brokers called logs.
func (c *Client) noticesOf(body []byte) []Notice {
	var r struct {
		Notices []Notice `json:"notices"`
		Logs    []struct {
			Level   string `json:"level"`
			Message string `json:"message"`
		} `json:"logs"`
	}
	_ = json.Unmarshal(body, &r) // an answer without notices is as good
	if len(r.Notices) == 0 {
		for _, l := range r.Logs {
			r.Notices = append(r.Notices, Notice{Type: l.Level, Text: l.Message})
		}
	}
	return c.clean(r.Notices)
}

// maxNotices bounds the notices of an answer: some for each of the webhooks.
const maxNotices = 1000

func (c *Client) clean(all []Notice) []Notice {
	all = all[:min(len(all), maxNotices)]
	for i := range all {
		all[i].Text = cut(plain(c.scrub(all[i].Text)), maxSaid)
	}
	return all
}

func sorted[V any](m map[string]V) iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(m)))
}
