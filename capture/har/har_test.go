package har_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/har"
)

func TestOurOwnFilesKeepTheContractOfSourceAndSink(t *testing.T) {
	capturetest.TestSourceSink(t, func(testing.TB) (capture.Sink, func() capture.Source) {
		var file bytes.Buffer
		return har.NewWriter(&file), func() capture.Source {
			return har.NewReader("a.har", bytes.NewReader(file.Bytes()), har.ReadOptions{})
		}
	})
}

func TestReadingWaitsNoLongerThanItsContext(t *testing.T) {
	capturetest.Waiting(t, func(t testing.TB) capture.Source {
		in, out := io.Pipe()
		t.Cleanup(func() { assert.NoError(t, out.Close()) })
		return har.NewReader("pipe", in, har.ReadOptions{})
	})
}

func TestEveryFieldSurvivesArchiveLinesArchiveAndHAR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := capturetest.Exchanges(4).Draw(t, "exchanges")
		got := want
		for _, format := range []archive.Format{archive.Twin, archive.JSONL, archive.Twin} {
			var file bytes.Buffer
			w, err := archive.NewWriter(&file, format, archive.WriteOptions{})
			require.NoError(t, err)
			for _, e := range got {
				require.NoError(t, w.WriteExchange(context.Background(), e))
			}
			require.NoError(t, w.Close())
			r, err := archive.NewReader("file."+string(format), &file, archive.ReadOptions{})
			require.NoError(t, err)
			got = readAll(t, r)
		}
		file := write(t, nil, got...)
		require.True(t, json.Valid(file))
		got = readAll(t, har.NewReader("a.har", bytes.NewReader(file), har.ReadOptions{}))
		if diff := capturetest.Diff(want, got); diff != "" {
			t.Fatalf("%s", diff)
		}
	})
}

func TestTheAccountIsKeptInTheLog(t *testing.T) {
	account := capture.Account{{Name: "packets", Unit: "frames", Stats: capture.Stats{
		Seen: 2, Written: 1, Dropped: map[capture.Reason]uint64{"gap": 1},
	}}}
	for _, list := range [][]*capture.Exchange{nil, capturetest.Samples()} {
		r := har.NewReader("a.har", bytes.NewReader(write(t, account, list...)), har.ReadOptions{})
		readAll(t, r)
		n := uint64(len(list))
		want := append(account.Clone(), capture.Stage{Name: "har", Unit: "exchanges", Stats: capture.Stats{Seen: n, Written: n}})
		require.Empty(t, capturetest.Diff(want, r.Account()))
	}
}

func TestAViewerSeesTheBodyWithoutItsEncoding(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte(`{"a":1}`))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	e := capturetest.Samples()[2]
	e.Response.Header = capture.Header{{Name: "content-encoding", Value: "gzip"}, {Name: "Content-Type", Value: "application/json"}}
	e.Response.Body = zipped.Bytes()
	e.Response.BodySize = int64(zipped.Len())

	file := write(t, nil, e)
	assert.Contains(t, string(file), `"text":"{\"a\":1}"`)
	got := readAll(t, har.NewReader("a.har", bytes.NewReader(file), har.ReadOptions{}))
	require.Empty(t, capturetest.Diff([]*capture.Exchange{e}, got))
}

func TestWhatAnotherToolChangesInOurFileIsRead(t *testing.T) {
	e := capturetest.Samples()[2]
	file := bytes.Replace(write(t, nil, e), []byte(`"text":"hello"`), []byte(`"text":"hello, world"`), 1)
	got := readAll(t, har.NewReader("a.har", bytes.NewReader(file), har.ReadOptions{}))
	require.Len(t, got, 1)
	assert.Equal(t, "hello, world", string(got[0].Response.Body))
}

func TestAFileCutAnywhereGivesTheWholeEntriesBefore(t *testing.T) {
	want := capturetest.Samples()[:3]
	file := write(t, nil, want...)
	const epilogue = "\n]}}\n"
	begin := bytes.Index(file, []byte(`"entries":[`)) + len(`"entries":[`)
	end := len(file) - len(epilogue) + 1
	for n := range file {
		r := har.NewReader("a.har", bytes.NewReader(file[:n]), har.ReadOptions{})
		got, bad, err := drain(r)
		switch {
		case n < begin:
			require.ErrorContains(t, err, "not a HAR file", "cut at %d", n)
		case n <= end:
			require.NoError(t, err)
			require.Len(t, bad, 1, "cut at %d", n)
			require.Equal(t, har.ReasonCut, bad[0].Reason)
			require.EqualValues(t, n, bad[0].Offset)
			whole := 0
			for whole < len(want) && n >= len(write(t, nil, want[:whole+1]...))-len(epilogue) {
				whole++
			}
			require.Len(t, got, whole, "cut at %d", n)
		default:
			require.NoError(t, err)
			require.Empty(t, bad)
			require.Len(t, got, len(want))
		}
	}
}

func TestBadEntriesAreToldAndPassedOver(t *testing.T) {
	good := `{"request":{"method":"GET","url":"http://a/"},"response":{"status":200}}`
	for name, tt := range map[string]struct{ entry, says string }{
		"a number":      {`7`, "cannot unmarshal"},
		"a string":      {`"}],{["`, "cannot unmarshal"},
		"no syntax":     {`{"a":}`, "invalid character"},
		"wrong type":    {`{"request":{"method":[]}}`, "method"},
		"no request":    {`{}`, "request.url"},
		"bad base64":    {`{"request":{"url":"http://a"},"response":{"status":200,"content":{"text":"!","encoding":"base64"}}}`, "response.content"},
		"bad encoding":  {`{"request":{"url":"http://a","postData":{"text":"a","encoding":"rot13"}}}`, "rot13"},
		"bad time":      {`{"startedDateTime":"yesterday","request":{"url":"http://a"}}`, "startedDateTime"},
		"bad twinspect": {`{"_twinspect":{"request":{"body_base64":"!"}}}`, "_twinspect"},
		"too large":     {`{"request":{"method":"` + strings.Repeat("a", 4096) + `"}}`, "longer than the limit"},
	} {
		t.Run(name, func(t *testing.T) {
			before := `{"log":{"pages":[{"id":[{}]}],"entries": [` + good + " ,\n"
			file := before + tt.entry + "," + good + `]}}`
			r := har.NewReader("a.har", strings.NewReader(file), har.ReadOptions{MaxEntry: 2048})
			got, bad, err := drain(r)
			require.NoError(t, err)
			require.Len(t, got, 2)
			require.Len(t, bad, 1)
			assert.EqualValues(t, len(before), bad[0].Offset)
			assert.ErrorContains(t, bad[0], "entry 1: ")
			assert.ErrorContains(t, bad[0], tt.says)
			require.NoError(t, r.Account().Balance())
		})
	}
}

func TestWhatIsNoHARIsRefused(t *testing.T) {
	for _, file := range []string{
		"", "x", "[]", "{}", `{"log":[]}`, `{"log":{}}`, `{"log":{"entries":{}}}`, `{"log":{"entries":7}}`,
		`{"log":{"version":"` + strings.Repeat("a", 5000) + `","entries":[]}}`,
	} {
		_, _, err := drain(har.NewReader("a.har", strings.NewReader(file), har.ReadOptions{MaxEntry: 2048}))
		require.ErrorContains(t, err, "not a HAR file", file)
		require.ErrorContains(t, err, "a.har")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAFailingFileIsAnErrorThatStays(t *testing.T) {
	w := har.NewWriter(full{})
	var err error
	for err == nil {
		err = w.WriteExchange(t.Context(), capturetest.Samples()[0])
	}
	require.ErrorIs(t, err, io.ErrShortWrite)
	require.ErrorIs(t, w.Close(), io.ErrShortWrite)
	require.ErrorIs(t, har.NewWriter(full{}).Close(), io.ErrShortWrite)
}

func write(t require.TestingT, a capture.Account, list ...*capture.Exchange) []byte {
	var file bytes.Buffer
	w := har.NewWriter(&file)
	for _, e := range list {
		require.NoError(t, w.WriteExchange(context.Background(), e))
	}
	require.NoError(t, w.WriteAccount(a))
	require.NoError(t, w.Close())
	return file.Bytes()
}

func readAll(t require.TestingT, src capture.Source) []*capture.Exchange {
	got, bad, err := drain(src)
	require.NoError(t, err)
	require.Empty(t, bad)
	return got
}

func drain(src capture.Source) (got []*capture.Exchange, bad []*capture.RecordError, err error) {
	var e capture.Exchange
	for {
		var record *capture.RecordError
		switch err := src.ReadExchange(context.Background(), &e); {
		case err == nil:
			got = append(got, e.Clone())
		case errors.As(err, &record):
			bad = append(bad, record)
		case errors.Is(err, io.EOF):
			return got, bad, nil
		default:
			return got, bad, err
		}
	}
}
