package spool

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// segment is one file of the folder.
type segment struct {
	seq     uint64
	created time.Time
	// count is how many exchanges it holds, pos how many of them are settled.
	count, pos uint64
	size       int64
	// sealed says that it is not written any more, named that its name has the
	// count.
	sealed, named bool
}

func (g *segment) left() uint64 { return g.count - g.pos }

const segmentTime = "20060102T150405Z"

// name is such as "000000000012-20261121T142413Z-4096.twin", without the count
// while it is written.
func (g *segment) name() string {
	name := fmt.Sprintf("%012d-%s", g.seq, g.created.UTC().Format(segmentTime))
	if g.named {
		name += "-" + strconv.FormatUint(g.count, 10)
	}
	return name + ".twin"
}

// The digits bound what a name can claim, so that no sum of numbers overflows.
var segmentName = regexp.MustCompile(`^([0-9]{12})-([0-9]{8}T[0-9]{6}Z)(?:-([0-9]{1,10}))?\.twin$`)

// parseSegment reads a name. It returns nil where it is none of ours.
func parseSegment(name string) *segment {
	m := segmentName.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	created, err := time.Parse(segmentTime, m[2])
	if err != nil {
		return nil
	}
	g := &segment{created: created, sealed: m[3] != "", named: m[3] != ""}
	g.seq, _ = strconv.ParseUint(m[1], 10, 64) // digits by the pattern, as is the count
	g.count, _ = strconv.ParseUint(m[3], 10, 64)
	return g
}

// list returns the segments in dir, the oldest first. Other files are left
// alone.
func list(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	var found []*segment
	for _, entry := range entries {
		g := parseSegment(entry.Name())
		if g == nil || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read spool: %w", err)
		}
		g.size = info.Size()
		found = append(found, g)
	}
	slices.SortFunc(found, func(a, b *segment) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.name(), b.name()))
	})
	return found, nil
}

// seal marks the segment as written and puts its count into its name. Where that
// fails it can be used all the same, and the next process counts anew.
func (g *segment) seal(dir string) error {
	after := *g
	after.sealed, after.named = true, true
	g.sealed = true
	if err := os.Rename(filepath.Join(dir, g.name()), filepath.Join(dir, after.name())); err != nil {
		return fmt.Errorf("seal segment: %w", err)
	}
	*g = after
	return nil
}
