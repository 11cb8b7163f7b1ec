package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/capturetest"
)

func FuzzTwin(f *testing.F) {
	f.Add(write(f, archive.Twin, archive.WriteOptions{}))
	f.Add(write(f, archive.Twin, archive.WriteOptions{FrameRecords: 2}, capturetest.Samples()...))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Add([]byte("\x50\x2a\x4d\x18\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) { survive(t, archive.Twin, file) })
}

func FuzzJSONL(f *testing.F) {
	f.Add(write(f, archive.JSONL, archive.WriteOptions{}, capturetest.Samples()...))
	f.Add([]byte("{}\n\n{\"account\":[]}\n{\"request\":{\"target\":{\"base64\":\"/w==\"}}}"))
	f.Add([]byte(`{"context":{"labels":[["a","b"]]},"request":{"start":"@-1.000000001"}}`))
	f.Fuzz(func(t *testing.T, file []byte) { survive(t, archive.JSONL, file) })
}

// survive reads a file of any bytes. What it gives must be kept by either
// format, and every error but one of the whole file be of a record.
func survive(t *testing.T, format archive.Format, file []byte) {
	r, err := archive.NewReader("a."+string(format), bytes.NewReader(file), archive.ReadOptions{MaxRecord: 1 << 16})
	require.NoError(t, err)
	var list []*capture.Exchange
	var e capture.Exchange
	for err == nil {
		err = r.ReadExchange(context.Background(), &e)
		var bad *capture.RecordError
		switch {
		case err == nil:
			list = append(list, e.Clone())
		case errors.As(err, &bad):
			require.NotZero(t, bad.Lost)
			err = nil
		}
	}
	if errors.Is(err, io.EOF) {
		account := r.Account()
		require.NoError(t, account[len(account)-1].Balance())
	}
	for _, format := range []archive.Format{archive.Twin, archive.JSONL} {
		again, bad := readAll(t, format, write(t, format, archive.WriteOptions{}, list...))
		require.Empty(t, bad)
		require.Empty(t, capturetest.Diff(list, again))
	}
}
