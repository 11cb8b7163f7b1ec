package dialect

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"twinspect.dev/release"
)

func TestTheSentenceNamesWhatCallsForTheDecisionAndWhatChangesIt(t *testing.T) {
	v := verdict(release.Hold, 0, release.Missing, release.Thin)
	v.Reasons = append(v.Reasons, release.Reason{Decision: release.Promote, Text: "the contracts hold"})
	assert.Equal(t, "hold catalog sha256:9f86d081884c: the reason is missing (to change it: do it otherwise); the reason is thin (to change it: do it otherwise)", Sentence(v))
}

func TestTheSentenceNamesWhoOverrode(t *testing.T) {
	v := verdict(release.Promote, 1, release.Overridden)
	v.Override = &release.Override{By: "A. Person", Reason: "the fix of an incident"}
	assert.Contains(t, Sentence(v), "(overridden by A. Person: the fix of an incident)")
}

func TestTheSentenceCountsWhatItLeavesOut(t *testing.T) {
	v := verdict(release.Rollback, 0)
	for range 40 {
		v.Reasons = append(v.Reasons, release.Reason{Decision: release.Rollback, Text: strings.Repeat("ä", 200)})
	}
	s := Sentence(v)
	assert.Regexp(t, `; and 3[0-9] more$`, s)
}

func TestTheSentenceIsOneShortLineWhateverTheReasons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := verdict(release.Decision(rapid.String().Draw(t, "decision")), 0)
		v.Subject.Service = rapid.String().Draw(t, "service")
		v.Subject.Digest = string(rapid.SliceOf(rapid.Byte()).Draw(t, "digest"))
		v.Override = &release.Override{By: rapid.String().Draw(t, "by")}
		for range rapid.IntRange(0, 20).Draw(t, "reasons") {
			v.Reasons = append(v.Reasons, release.Reason{Text: rapid.StringN(0, 400, -1).Draw(t, "text"), Change: rapid.String().Draw(t, "change")})
		}
		s := Sentence(v)
		assert.LessOrEqual(t, len(s), maxSentence)
		assert.True(t, utf8.ValidString(s))
		assert.NotContains(t, s, "\n")
		assert.NotContains(t, s, "\x1b")
	})
}
