package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/against"
)

func againstSample() *against.Comparison {
	cell := func(path string, j diff.Judgement) diff.Difference {
		return diff.Difference{Cell: diff.Cell{Operation: "GET /orders/{id}", Place: diff.Place{Part: diff.Body, Path: path}, Kind: diff.Changed}, Judgement: j}
	}
	run := func(verdict diff.Verdict, d ...diff.Difference) *diff.Report {
		return &diff.Report{
			Input: "traffic.twin", Tool: "twinspect", Started: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC), Verdict: verdict,
			Operations: []diff.Operation{{Name: "GET /orders/{id}", Compared: 200}}, Differences: d,
		}
	}
	return against.Compare(
		run(diff.Fail, cell("$.price", diff.Regression), cell("$.note\x1b[2J", diff.Suspect), cell("$.at", diff.Noise)),
		run(diff.Fail, cell("$.total", diff.Regression), cell("$.price", diff.Accepted), cell("$.at", diff.Noise)),
	)
}

func TestTheComparisonOfTwoRunsIsReadable(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, AgainstTerminal(&b, againstSample(), TerminalOptions{}))
	assert.Equal(t, `FAIL  1 new, 1 less, 1 gone; noise in both: 1
  before fail, 200 outcomes compared, traffic.twin of 2026-11-21T08:00:00Z
  now    fail, 200 outcomes compared, traffic.twin of 2026-11-21T08:00:00Z

NEW  in the later run alone
  GET /orders/{id}
    $.total                       changed, not there -> regression

LESS  judged as more before
  GET /orders/{id}
    $.price                       changed, regression -> accepted

GONE  not found again
  GET /orders/{id}
    $.note\x1b[2J                 changed, suspect -> not there
`, b.String())
}

func TestTheComparisonOfTwoRunsIsCommentAndJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, AgainstMarkdown(&b, againstSample(), 0))
	assert.Contains(t, b.String(), "## twinspect compare: fail")
	assert.Equal(t, 3, strings.Count(b.String(), "<code>GET /orders/&#123;id&#125;</code>"))
	assert.Error(t, AgainstMarkdown(&b, againstSample(), 10))
	b.Reset()
	require.NoError(t, AgainstJSON(&b, againstSample()))
	var got struct {
		Verdict  string
		Findings []struct{ State, Operation, Path string }
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &got))
	assert.Equal(t, "fail", got.Verdict)
	assert.Equal(t, "new", got.Findings[0].State)
	assert.Equal(t, "$.total", got.Findings[0].Path)
}
