package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/capturetest"
)

// formats are the names under which a recording can be created.
var formats = []string{"a.twin", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst"}

var account = capture.Account{
	{Name: "packets", Unit: "frames", Stats: capture.Stats{
		Seen: 10, Written: 5, Open: 1,
		Filtered: map[capture.Reason]uint64{"port": 2},
		Dropped:  map[capture.Reason]uint64{"kernel-drop": 1, "gap": 1},
	}},
	{Name: "http", Unit: "exchanges", Stats: capture.Stats{Seen: 5, Written: 5}},
}

func TestFilesKeepTheContractOfSourceAndSink(t *testing.T) {
	for _, name := range formats {
		t.Run(name, func(t *testing.T) {
			capturetest.TestSourceSink(t, func(t testing.TB) (capture.Sink, func() capture.Source) {
				path := filepath.Join(t.TempDir(), name)
				w, err := archive.Create(path, archive.WriteOptions{FrameRecords: 2, Sync: true})
				require.NoError(t, err)
				return w, func() capture.Source { return open(t, path) }
			})
		})
	}
}

func TestReadingWaitsNoLongerThanItsContext(t *testing.T) {
	capturetest.Waiting(t, func(t testing.TB) capture.Source {
		in, out := io.Pipe()
		t.Cleanup(func() { assert.NoError(t, out.Close()) })
		r, err := archive.NewReader("pipe", in, archive.ReadOptions{})
		require.NoError(t, err)
		return r
	})
}

func TestEveryFieldSurvivesEveryFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := capturetest.Exchanges(5).Draw(t, "exchanges")
		for _, format := range []archive.Format{archive.Twin, archive.JSONL, archive.Twin} {
			file := write(t, format, archive.WriteOptions{FrameRecords: rapid.IntRange(1, 3).Draw(t, "records")}, want...)
			got, bad := readAll(t, format, file)
			if len(bad) > 0 {
				t.Fatalf("%s: %v", format, bad)
			}
			if diff := capturetest.Diff(want, got); diff != "" {
				t.Fatalf("%s: %s", format, diff)
			}
			want = got
		}
	})
}

func TestAccountIsTheLastRecordAndTheReaderAddsItsOwn(t *testing.T) {
	for _, name := range formats {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			w, err := archive.Create(path, archive.WriteOptions{})
			require.NoError(t, err)
			require.NoError(t, w.WriteExchange(t.Context(), capturetest.Samples()[0]))
			require.NoError(t, w.WriteAccount(account))
			require.NoError(t, w.Close())

			r := open(t, path)
			capturetest.ReadAll(t, r)
			want := append(account.Clone(), capture.Stage{
				Name: "archive", Unit: "exchanges", Stats: capture.Stats{Seen: 1, Written: 1},
			})
			require.Empty(t, capturetest.Diff(want, r.Account()))
		})
	}
}

func TestCreateDoesNotReplaceAFileUnlessTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.twin")
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))

	_, err := archive.Create(path, archive.WriteOptions{})
	require.ErrorIs(t, err, os.ErrExist)
	held, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious", string(held))

	w, err := archive.Create(path, archive.WriteOptions{Overwrite: true})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Empty(t, capturetest.ReadAll(t, open(t, path)))
}

func TestCreateRefusesWhatItCannotWrite(t *testing.T) {
	for name, o := range map[string]archive.WriteOptions{
		"a.pcap": {}, "a.json": {}, "a": {},
		"frame.twin":   {FrameSize: 1 << 30},
		"records.twin": {FrameRecords: -1},
		"record.twin":  {MaxRecord: -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := archive.Create(filepath.Join(t.TempDir(), name), o)
			require.Error(t, err)
		})
	}
}

func TestOpenTellsTheFormByContent(t *testing.T) {
	for _, name := range formats {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			w, err := archive.Create(path, archive.WriteOptions{})
			require.NoError(t, err)
			require.NoError(t, w.WriteExchange(t.Context(), capturetest.Samples()[0]))
			require.NoError(t, w.Close())
			nameless := filepath.Join(t.TempDir(), "recording")
			require.NoError(t, os.Rename(path, nameless))

			require.Empty(t, capturetest.Diff(capturetest.Samples()[:1], capturetest.ReadAll(t, open(t, nameless))))
		})
	}
}

func TestARecordOf123BytesIsNotTakenForJSON(t *testing.T) {
	for n := range 200 {
		e := &capture.Exchange{Request: capture.Request{Target: string(bytes.Repeat([]byte{'"'}, n))}}
		got, bad := readAll(t, archive.Twin, write(t, archive.Twin, archive.WriteOptions{}, e))
		require.Empty(t, bad)
		require.Empty(t, capturetest.Diff([]*capture.Exchange{e}, got))
	}
}

func TestWhatIsNoRecordingIsRefused(t *testing.T) {
	r, err := archive.NewReader("a.pcap", bytes.NewReader([]byte("\xd4\xc3\xb2\xa1....")), archive.ReadOptions{})
	require.NoError(t, err)
	err = r.ReadExchange(t.Context(), new(capture.Exchange))
	require.ErrorContains(t, err, "not a recording")
	require.ErrorContains(t, err, "a.pcap")
	require.Equal(t, err, r.ReadExchange(t.Context(), new(capture.Exchange)))
}

// fullDisk takes so many bytes and no more.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		n := d.room
		d.room = 0
		return n, &os.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}
	}
	d.room -= len(p)
	return len(p), nil
}

func TestAFullDiskIsAnErrorThatStays(t *testing.T) {
	for _, format := range []archive.Format{archive.Twin, archive.JSONL} {
		t.Run(string(format), func(t *testing.T) {
			w, err := archive.NewWriter(&fullDisk{room: 700}, format, archive.WriteOptions{FrameRecords: 1})
			require.NoError(t, err)
			for err == nil {
				err = w.WriteExchange(t.Context(), capturetest.Samples()[0])
			}
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.ErrorContains(t, err, "700 bytes")
			assert.Equal(t, err, w.WriteExchange(t.Context(), capturetest.Samples()[0]))
			assert.Equal(t, err, w.Flush())
			assert.Equal(t, err, w.WriteAccount(nil))
			assert.Equal(t, err, w.Close())
			assert.Equal(t, err, w.Close())
		})
	}
}

func TestAFullDiskAtTheEndIsToldByClose(t *testing.T) {
	for _, format := range []archive.Format{archive.Twin, archive.JSONL} {
		w, err := archive.NewWriter(&fullDisk{}, format, archive.WriteOptions{})
		require.NoError(t, err)
		require.NoError(t, w.WriteAccount(account))
		require.ErrorIs(t, w.Close(), syscall.ENOSPC)
	}
}

func TestAnExchangeThatIsTooLargeIsRefusedAndWritingGoesOn(t *testing.T) {
	small, large := capturetest.Samples()[0], capturetest.Samples()[0]
	large.Request.Body = make([]byte, 8<<20)
	wide := capturetest.Samples()[0]
	wide.Request.Header = make(capture.Header, 1<<20)
	for _, format := range []archive.Format{archive.Twin, archive.JSONL} {
		t.Run(string(format), func(t *testing.T) {
			var file bytes.Buffer
			w, err := archive.NewWriter(&file, format, archive.WriteOptions{MaxRecord: 1 << 20})
			require.NoError(t, err)
			require.NoError(t, w.WriteExchange(t.Context(), small))
			require.ErrorIs(t, w.WriteExchange(t.Context(), large), archive.ErrTooLarge)
			require.ErrorIs(t, w.WriteExchange(t.Context(), wide), archive.ErrTooLarge)
			require.NoError(t, w.WriteExchange(t.Context(), small))
			require.NoError(t, w.Close())
			got, bad := readAll(t, format, file.Bytes())
			require.Empty(t, bad)
			require.Len(t, got, 2)
		})
	}
}

func TestFlushedExchangesSurviveACrash(t *testing.T) {
	for _, name := range formats {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			w, err := archive.Create(path, archive.WriteOptions{})
			require.NoError(t, err)
			require.NoError(t, w.WriteExchange(t.Context(), capturetest.Samples()[0]))
			require.NoError(t, w.Flush())
			held, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, w.Close())

			got, _ := readAll(t, formatOf(name), held)
			require.Empty(t, capturetest.Diff(capturetest.Samples()[:1], got))
		})
	}
}

func TestNothingIsWrittenAfterClose(t *testing.T) {
	w, err := archive.NewWriter(io.Discard, archive.Twin, archive.WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	require.Error(t, w.WriteExchange(t.Context(), capturetest.Samples()[0]))
	require.Error(t, w.WriteAccount(account))
	require.Error(t, w.Flush())
}

func formatOf(name string) archive.Format {
	if strings.HasSuffix(name, ".twin") {
		return archive.Twin
	}
	return archive.JSONL
}

func open(t testing.TB, path string) *archive.Reader {
	r, err := archive.Open(path, archive.ReadOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	return r
}

func write(t require.TestingT, format archive.Format, o archive.WriteOptions, list ...*capture.Exchange) []byte {
	var file bytes.Buffer
	w, err := archive.NewWriter(&file, format, o)
	require.NoError(t, err)
	for _, e := range list {
		require.NoError(t, w.WriteExchange(context.Background(), e))
	}
	require.NoError(t, w.Close())
	return file.Bytes()
}

// readAll returns the exchanges of a file and the errors of single records. It
// fails the test for any other error, and where the account does not balance.
func readAll(t require.TestingT, format archive.Format, file []byte) ([]*capture.Exchange, []*capture.RecordError) {
	var all []*capture.Exchange
	var errs []*capture.RecordError
	r, err := archive.NewReader("file."+string(format), bytes.NewReader(file), archive.ReadOptions{})
	require.NoError(t, err)
	var e capture.Exchange
	var lost uint64
	for {
		err := r.ReadExchange(context.Background(), &e)
		var bad *capture.RecordError
		switch {
		case errors.Is(err, io.EOF):
			own := r.Account()[len(r.Account())-1]
			require.NoError(t, own.Balance())
			require.Equal(t, uint64(len(all)), own.Written)
			require.Equal(t, lost, own.Lost())
			require.NoError(t, r.Close())
			return all, errs
		case errors.As(err, &bad):
			require.NotZero(t, bad.Lost)
			require.NotEmpty(t, bad.Reason)
			lost += bad.Lost
			errs = append(errs, bad)
		default:
			require.NoError(t, err)
			all = append(all, e.Clone())
		}
	}
}
