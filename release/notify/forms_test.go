package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/release"
)

var update = flag.Bool("update", false, "write the golden files")

var site = &url.URL{Scheme: "https", Host: "gate.example", Path: "/twinspect"}

// letters are one of each thing that is told.
func letters() map[string]*letter {
	r := verdict("catalog", release.Rollback,
		release.Reason{Code: release.Failed, Decision: release.Rollback, Kind: release.Diff, Evidence: "sha256:" + hex64('e'), Operation: "GET /products/*",
			Text: "GET /products/*: price differs in 12 of 500 answers", Change: "evidence of a version without the difference"},
		release.Reason{Code: release.Missing, Decision: release.Hold, Kind: release.Provider, Text: "no evidence of the contract", Change: "contract-run against this image"})
	r.MaxWeight, r.Until = 0.25, moment.Add(3600e9)
	o := release.Override{ID: "ov_1", Service: "catalog", Digest: r.Subject.Digest, Decision: release.Promote, By: "alice", Reason: "the price list is new", From: moment, Until: moment.Add(3600e9)}
	s := release.Stop{ID: "st_1", Services: []string{"cart-*", "pay"}, By: "bob", Reason: "database is down", From: moment}
	ended := s
	ended.Until = moment.Add(60e9)
	return map[string]*letter{
		"verdict":  {notice: notice{event: VerdictEvent, at: moment, record: r}, count: 3, missed: 1, id: "nt_1"},
		"promote":  {notice: notice{event: VerdictEvent, at: moment, record: verdict("catalog", release.Promote)}, count: 1, id: "nt_2"},
		"override": {notice: notice{event: OverrideEvent, at: moment, override: o}, count: 1, id: "nt_3"},
		"stop":     {notice: notice{event: StopEvent, at: moment, stop: s}, count: 1, id: "nt_4"},
		"ended":    {notice: notice{event: StopEvent, at: moment, stop: ended}, count: 1, id: "nt_5"},
	}
}

func destination(kind Kind) *Destination {
	d := &Destination{Name: "n", Kind: kind, URL: "https://chat.example/hook?access_token=key"}
	if kind != Slack && kind != WeCom {
		d.Sign = "hush"
	}
	return d
}

func TestMessagesAreAsTheyWere(t *testing.T) {
	for _, kind := range kinds {
		for name, l := range letters() {
			t.Run(kind+" "+name, func(t *testing.T) {
				var got bytes.Buffer
				require.NoError(t, json.Indent(&got, compose(destination(Kind(kind)), l, site, moment).body, "", "  "))
				got.WriteByte('\n')
				path := filepath.Join("testdata", kind+"-"+name+".json")
				if *update {
					require.NoError(t, os.MkdirAll("testdata", 0o755))
					require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Equal(t, string(want), got.String())
			})
		}
	}
}

// hostile are texts that want to be more than texts.
var hostile = []string{
	"<!here>", "<!channel>", "<@U123>", "<https://evil.example|release>", "@all", "@everyone", "<at id=all></at>", "<@all>",
	"[release](https://evil.example)", "![](https://evil.example/x.png)", "</font><font color=\"info\">", "**bold**", "`code`", "~~gone~~",
	"line\n# heading\n> quote", "a\u202eb\u200bc", "\x00\x1b[31m", "\xff\xfe", "https://evil.example", "&lt;!here&gt;", "&#60;at id=all&#62;",
	strings.Repeat("ü", 5000), strings.Repeat("<&>", 3000), "_under_ snake_case", "|a|b|", "\\[a\\]",
}

// hostileLetter has a text in every place that is quoted.
func hostileLetter(event Event, text string) *letter {
	r := verdict(text, release.Decision(text), release.Reason{Kind: release.Kind(text), Evidence: text, Text: text, Change: text})
	r.Subject.Digest, r.Subject.BaseDigest, r.Policy.Name = text, text, text
	r.Override = &release.Override{By: text}
	return &letter{count: 1, id: "nt_1", notice: notice{event: event, at: moment, record: r,
		override: release.Override{ID: text, Service: text, Digest: text, Decision: release.Decision(text), By: text, Reason: text},
		stop:     release.Stop{ID: text, Services: []string{text}, By: text, Reason: text}}}
}

// contents are all texts of a message, by what kind of text they are.
func contents(t require.TestingT, body []byte) (plain, markdown []string) {
	var v any
	require.NoError(t, json.Unmarshal(body, &v))
	var walk func(any, string)
	walk = func(v any, tag string) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e, tag)
			}
		case map[string]any:
			kind, _ := v["tag"].(string)
			for k, e := range v {
				if s, ok := e.(string); ok && (k == "content" || k == "text") && kind != "plain_text" {
					markdown = append(markdown, s)
				} else if ok && k != "url" {
					plain = append(plain, s)
				}
				walk(e, kind)
			}
		}
	}
	walk(v, "")
	return plain, markdown
}

func TestUntrustedTextsMentionNobodyAndForgeNothing(t *testing.T) {
	for _, kind := range []Kind{Slack, Feishu, DingTalk, WeCom} {
		for _, event := range []Event{VerdictEvent, OverrideEvent, StopEvent} {
			for _, text := range hostile {
				l := hostileLetter(event, text)
				body := compose(destination(kind), l, site, moment).body
				assertHarmless(t, kind, body, l)
			}
		}
	}
}

func assertHarmless(t require.TestingT, kind Kind, body []byte, l *letter) {
	require.True(t, utf8.Valid(body))
	assert.NotContains(t, string(body), "\u202e")
	if kind == Slack {
		assert.NotContains(t, string(body), "<")
		assert.NotContains(t, string(body), "mrkdwn\",")
		return
	}
	_, markdown := contents(t, body)
	// What is left without the texts that are quoted has the markup that we write.
	empty := compose(destination(kind), hostileLetter(l.event, "x"), site, moment).body
	_, ours := contents(t, empty)
	for _, mark := range []string{"<", "](", "![", "`", "~", "@", "#"} {
		assert.LessOrEqual(t, count(markdown, mark, kind), count(ours, mark, kind), "%s of %s: %q", mark, kind, markdown)
	}
	for _, text := range markdown {
		for line := range strings.Lines(text) {
			for _, target := range strings.Split(line, "](")[1:] {
				assert.True(t, strings.HasPrefix(target, site.String()+"/"), target)
			}
		}
	}
}

// count counts a mark, but for the references that Feishu's escapes are.
func count(texts []string, mark string, kind Kind) int {
	n := 0
	for _, text := range texts {
		if kind == Feishu {
			text = strings.ReplaceAll(text, "&#", "")
		}
		n += strings.Count(text, mark)
	}
	return n
}

func TestMessagesKeepToTheSizeThatEachServiceTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{Slack, Feishu, DingTalk, WeCom, Webhook}).Draw(t, "kind")
		event := rapid.SampledFrom([]Event{VerdictEvent, OverrideEvent, StopEvent}).Draw(t, "event")
		piece := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()).Draw(t, "text")
		l := hostileLetter(event, strings.Repeat(piece, rapid.IntRange(1, 8).Draw(t, "times")))
		for range rapid.IntRange(0, 30).Draw(t, "reasons") {
			l.record.Reasons = append(l.record.Reasons, l.record.Reasons[0])
		}
		body := compose(destination(kind), l, site, moment).body
		require.True(t, json.Valid(body))
		assertSize(t, kind, body)
		if kind != Webhook {
			assertHarmless(t, kind, body, l)
		}
	})
}

func assertSize(t require.TestingT, kind Kind, body []byte) {
	switch kind {
	case Feishu, DingTalk:
		assert.LessOrEqual(t, len(body), 20_000)
	case Webhook:
		assert.LessOrEqual(t, len(body), maxBodyOfWebhook)
	case WeCom:
		var b bodyOfWeCom
		require.NoError(t, json.Unmarshal(body, &b))
		assert.LessOrEqual(t, len(b.Markdown.Content), 4096)
	case Slack:
		assertBlocks(t, body)
	}
}

// assertBlocks holds a message against the limits of blocks.
func assertBlocks(t require.TestingT, body []byte) {
	type text struct{ Text string }
	var b struct {
		Text   string
		Blocks []struct {
			Type     string
			Text     text
			Fields   []text
			Elements []struct {
				Type, URL string
				Text      json.RawMessage
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &b))
	assert.LessOrEqual(t, len(b.Blocks), 50)
	assert.LessOrEqual(t, utf8.RuneCountInString(b.Text), 40_000)
	for _, block := range b.Blocks {
		most := 3000
		if block.Type == "header" {
			most = 150
		}
		assert.LessOrEqual(t, utf8.RuneCountInString(block.Text.Text), most)
		assert.LessOrEqual(t, len(block.Fields), 10)
		assert.LessOrEqual(t, len(block.Elements), 25)
		for _, f := range block.Fields {
			assert.LessOrEqual(t, utf8.RuneCountInString(f.Text), 2000)
			assert.NotEmpty(t, f.Text)
		}
		for _, e := range block.Elements {
			assert.LessOrEqual(t, len(e.URL), 3000)
		}
	}
}

func TestReasonsThatHaveNoRoomAreLeftOutWholeAndCounted(t *testing.T) {
	l := letters()["verdict"]
	for range 40 {
		l.record.Reasons = append(l.record.Reasons, release.Reason{Text: strings.Repeat("long ", 50), Change: strings.Repeat("change ", 30)})
	}
	body := string(compose(destination(WeCom), l, site, moment).body)
	shown := strings.Count(body, strings.Repeat("long ", 49)+"long\\n")
	require.Positive(t, shown)
	assert.Contains(t, body, counted(uint64(40-shown), "more reason"))
	assert.NotContains(t, body, "…\\n")

	assert.Contains(t, string(compose(destination(Slack), l, site, moment).body), "32 more reasons.")
}

func TestAWebhookLeavesOutReasonsThatAreTooMany(t *testing.T) {
	l := letters()["verdict"]
	for range 10_000 {
		l.record.Reasons = append(l.record.Reasons, release.Reason{Text: strings.Repeat("x", 200)})
	}
	body := compose(destination(Webhook), l, site, moment).body
	assert.LessOrEqual(t, len(body), maxBodyOfWebhook)
	var n Notification
	require.NoError(t, json.Unmarshal(body, &n))
	assert.Equal(t, 10_002, len(n.Verdict.Reasons)+n.MoreReasons)
	assert.Len(t, l.record.Reasons, 10_002, "the letter is as it was")
}

func TestLinksAreEscaped(t *testing.T) {
	l := releaseLink(site, "a&b=c d/#?")
	assert.Equal(t, "https://gate.example/twinspect/?service=a%26b%3Dc+d%2F%23%3F", l[0].url)
	assert.Nil(t, releaseLink(nil, "a"))
	for _, text := range []string{"", "gate.example", "ftp://x", "javascript:alert(1)", "https://"} {
		assert.Nil(t, baseOf(text), text)
	}
	assert.Equal(t, "https://gate.example/", baseOf("https://user:word@gate.example/?a#b").String())
}
