package annotate

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode/utf8"

	"twinspect.dev/release"
)

const (
	// maxTags is what Grafana lets the tags of an annotation have in JSON, by its
	// setting tags_length, in bytes.
	maxTags = 500
	// maxTag is what a name or a value has room for in its database, in characters.
	maxTag = 100
)

// annotation is the body of POST /api/annotations
// (https://grafana.com/docs/grafana/latest/developers/http_api/annotations/).
type annotation struct {
	Time int64    `json:"time"` // milliseconds since 1970
	Tags []string `json:"tags"`
	Text string   `json:"text"`
}

type property struct{ name, value string }

// properties are what there is to say, the most asked for first.
func properties(d release.Deployment) []property {
	all := []property{
		{"service", d.Service}, {"environment", d.Environment}, {"digest", d.Digest}, {"branch", d.Branch},
		{"commit", d.Commit}, {"pipeline", d.Pipeline}, {"job", d.Job}, {"by", d.By}, {"base", d.BaseDigest},
	}
	var known []property
	for _, p := range all {
		if p.value = valid(p.value); p.value != "" {
			known = append(known, p)
		}
	}
	return known
}

// annotate describes a deployment. The text says all; the tags what they have room for.
func annotate(d release.Deployment) annotation {
	a := annotation{Time: d.At.UnixMilli(), Tags: []string{"deployment", "twinspect"}}
	text := []string{"<b>Deployment of " + html.EscapeString(valid(d.Service)) + "</b>"}
	for _, p := range properties(d) {
		text = append(text, p.name+": "+html.EscapeString(p.value))
		if utf8.RuneCountInString(p.value) > maxTag {
			continue
		}
		if a.Tags = append(a.Tags, p.name+":"+p.value); sizeOf(a.Tags) > maxTags {
			a.Tags = a.Tags[:len(a.Tags)-1]
		}
	}
	if u := valid(d.URL); isLink(u) {
		text = append(text, fmt.Sprintf(`<a href="%s" target="_blank" rel="noopener noreferrer">Pipeline</a>`, html.EscapeString(u)))
	}
	a.Text = strings.Join(text, "<br>\n")
	return a
}

func sizeOf(tags []string) int {
	text, err := json.Marshal(tags)
	if err != nil {
		return maxTags + 1
	}
	return len(text)
}

// isLink reports whether a URL may be a link: nothing runs as somebody opens it, and no
// password is shown.
func isLink(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http")
}
