package packet

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// corpus is where the public captures lie: the folder that TWINSPECT_CORPORA
// names, else corpora beside the checkout.
func corpus(tb testing.TB) string {
	root := os.Getenv("TWINSPECT_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	dir := filepath.Join(root, "http-captures")
	if _, err := os.Stat(filepath.Join(dir, "index.tsv")); err != nil {
		tb.Skipf("the public captures are not here: set TWINSPECT_CORPORA to the folder that holds http-captures (%v)", err)
	}
	return dir
}

type corpusFile struct {
	name   string
	frames uint64
	class  string
}

func corpusIndex(tb testing.TB, dir string) []corpusFile {
	f, err := os.Open(filepath.Join(dir, "index.tsv"))
	require.NoError(tb, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	require.NoError(tb, err)
	var files []corpusFile
	for _, row := range rows[1:] {
		frames, err := strconv.ParseUint(row[4], 10, 64)
		require.NoError(tb, err, row[0])
		files = append(files, corpusFile{row[0], frames, row[5]})
	}
	return files
}

// unreadable are the files of the corpus that are no captures at all.
var unreadable = map[string]string{
	"derived__bad-magic__get.pcap":         "unknown magic number",
	"derived__cut-global-header__get.pcap": "ends inside of its header: 13 of 24 bytes",
	"derived__empty-file.pcap":             "the file is empty",
}

func TestCorpusIsReadToTheEndAndEveryFrameCounted(t *testing.T) {
	dir := corpus(t)
	total := capture.Stats{}
	for _, want := range corpusIndex(t, dir) {
		t.Run(want.name, func(t *testing.T) {
			f, err := Open(filepath.Join(dir, want.name))
			if reason, ok := unreadable[want.name]; ok {
				require.ErrorContains(t, err, reason)
				return
			}
			require.NoError(t, err)
			defer f.Close()
			segments, damaged := drain(t, f)
			account := f.Account()
			require.NoError(t, account.Balance())
			got := account[0].Stats
			total.Add(got)
			assert.Equal(t, got.Written, uint64(segments))
			assert.Zero(t, got.Open)
			for _, bad := range damaged {
				t.Logf("damage: %v", bad)
			}
			if len(damaged) == 0 {
				assert.Equal(t, want.frames, got.Seen, "frames")
			} else {
				assert.GreaterOrEqual(t, got.Seen, want.frames, "frames of a damaged file")
			}
			if got.Lost() > 0 {
				t.Logf("%d of %d frames dropped: %v", got.Lost(), got.Seen, got.Dropped)
			}
		})
	}
	t.Logf("in all: seen %d, segments %d, filtered %v, dropped %v", total.Seen, total.Written, total.Filtered, total.Dropped)
}

// drain reads f to its end and returns how many segments it gave.
func drain(tb testing.TB, f *File) (segments int, damaged []*capture.RecordError) {
	var s Segment
	for {
		err := f.ReadSegment(tb.Context(), &s)
		var bad *capture.RecordError
		switch {
		case err == nil:
			segments++
		case errors.As(err, &bad):
			damaged = append(damaged, bad)
		default:
			require.ErrorIs(tb, err, io.EOF)
			return segments, damaged
		}
	}
}
