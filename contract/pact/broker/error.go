package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Error says what the broker would not do, why in its own words, and what to do.
type Error struct {
	// What was wanted, as "publish the pacts".
	What string
	// Status is 0 where there was no answer.
	Status int
	URL    string
	// Text is what the broker said, or why there was no answer.
	Text   string
	Advice string
}

// Error tells all of it in one line or several.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.What + " (" + e.URL + ")")
	if e.Status != 0 {
		fmt.Fprintf(&b, ": %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Text != "" {
		b.WriteString(": " + e.Text)
	}
	if e.Advice != "" {
		b.WriteString("; " + e.Advice)
	}
	return b.String()
}

// Unreachable reports whether err says that the broker could not be reached, or was
// not well: the environment's fault, and no word about a pact.
func Unreachable(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == 0 || e.Status >= 500 || e.Status == http.StatusTooManyRequests)
}

func (c *Client) refused(k call, status int, body []byte) error {
	return &Error{What: k.what, Status: status, URL: k.url.String(), Text: c.scrub(said(body)), Advice: c.advice(status)}
}

func (c *Client) advice(status int) string {
	switch status {
	case http.StatusUnauthorized:
		if c.cfg.Token == "" && c.cfg.Username == "" {
			return "the broker wants credentials: give a token, or a user and a password"
		}
		return "the broker does not take the token, or the user and the password: are they right, and not expired?"
	case http.StatusForbidden:
		return "the credentials are right but may not do this: publishing needs one that may write"
	case http.StatusNotFound:
		return "the broker does not have it: is the name of consumer or provider spelled as it was published, and has anything been published?"
	case http.StatusConflict:
		return "publish under a version that is new for each change, such as one with the commit in it"
	}
	if status >= 500 {
		return "the broker is not well: look at its log, and try again"
	}
	return ""
}

// maxSaid bounds what is shown of an answer in bytes: a conflict's message shows the
// difference of two pacts.
const maxSaid = 4 << 10

// said is the text of a broker's refusal: notices, errors by field, problem details
// (RFC 9457), or plain text. A page of HTML says nothing.
func said(body []byte) string {
	var r struct {
		Notices []Notice        `json:"notices"`
		Errors  json.RawMessage `json:"errors"`
		Error   json.RawMessage `json:"error"`
		Title   string          `json:"title"`
		Detail  string          `json:"detail"`
	}
	var lines []string
	if json.Unmarshal(body, &r) == nil {
		for _, n := range r.Notices {
			lines = append(lines, n.Text)
		}
		lines = append(append(lines, texts(r.Errors)...), texts(r.Error)...)
		lines = append(lines, r.Title, r.Detail)
	} else if text := strings.TrimSpace(string(body)); !strings.HasPrefix(text, "<") && !strings.HasPrefix(text, "{") {
		lines = []string{text}
	}
	seen := map[string]bool{"": true}
	lines = slices.DeleteFunc(lines, func(line string) bool {
		was := seen[line]
		seen[line] = true
		return was
	})
	return cut(plain(strings.Join(lines, "\n")), maxSaid)
}

// texts finds the texts of "errors": a list, or lists by field, of texts or of
// objects with a message.
func texts(raw json.RawMessage) []string {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return walk(v, "")
}

func walk(v any, field string) []string {
	switch v := v.(type) {
	case string:
		if field != "" {
			v = field + " " + v
		}
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, walk(item, field)...)
		}
		return out
	case map[string]any:
		for _, key := range []string{"message", "detail", "title"} {
			if text, ok := v[key].(string); ok {
				return walk(text, field)
			}
		}
		var out []string
		for key := range sorted(v) {
			out = append(out, walk(v[key], key)...)
		}
		return out
	}
	return nil
}

// plain takes control characters out, which would steer a terminal, but for the
// ends of lines.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + " …"
}
