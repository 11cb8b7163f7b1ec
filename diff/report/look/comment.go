package look

import (
	"fmt"
	"strings"
)

// CommentBytes keeps a comment below GitHub's limit of 65,536 characters and
// leaves room for what a caller adds.
const CommentBytes = 60_000

// Comment collects the Markdown of a comment that may not be longer than Room
// allows.
type Comment struct {
	// Room is how many bytes may still be added.
	Room int
	b    strings.Builder
}

// String returns what was added.
func (c *Comment) String() string { return c.b.String() }

// Add adds s, whatever Room says.
func (c *Comment) Add(s string) {
	c.b.WriteString(s)
	c.Room -= len(s)
}

// noteBytes is more than a section's end with its note takes.
const noteBytes = 200

// Entries adds a section: before, as many whole entries as leave reserve bytes
// free, a note on those that were left out, and after. It adds nothing where
// not one entry fits, but the note.
func (c *Comment) Entries(before, after, noun string, n, reserve int, entry func(int) string) {
	if n == 0 || c.Room < len(before)+len(after)+noteBytes {
		return
	}
	c.Add(before)
	shown := 0
	for ; shown < n; shown++ {
		e := entry(shown)
		if c.Room-len(e)-len(after)-noteBytes < reserve {
			break
		}
		c.Add(e)
	}
	c.Add(after)
	if shown < n {
		c.Add(fmt.Sprintf("\n_%s left out for length; the full report has them._\n", Plural(uint64(n-shown), noun)))
	}
}
