package project

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/wire"
)

// captures returns the files of the corpus, or skips where there is none.
func captures(t testing.TB) []string {
	root := os.Getenv("TWINSPECT_CORPORA")
	if root == "" {
		root = "../../../shared/corpora"
	}
	files, err := filepath.Glob(filepath.Join(root, "http-captures", "*.pcap*"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no captures: set TWINSPECT_CORPORA to the folder that holds http-captures")
	}
	return files
}

// responses calls do with the decoded bodies of the answers in a capture.
func responses(path string, do func(contentType string, body []byte)) {
	f, err := packet.Open(path)
	if err != nil {
		return // damaged on purpose
	}
	defer f.Close()
	source := wire.New(wire.Config{}, f)
	decoder := coding.Decoder{Limit: 32 << 20}
	for {
		var e capture.Exchange
		err := source.ReadExchange(context.Background(), &e)
		var record *capture.RecordError
		switch {
		case errors.As(err, &record):
			continue
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			return // damaged on purpose
		}
		if len(e.Response.Body) == 0 {
			continue
		}
		if body, err := decoder.Decode(nil, e.Response.Body, coding.Of(e.Response.Header)); err == nil {
			do(e.Response.Header.Get("Content-Type"), body)
		}
	}
}

func TestRealAnswersAreProjected(t *testing.T) {
	sound, broken := map[Kind]int{}, map[Kind]int{}
	for _, path := range captures(t) {
		responses(path, func(contentType string, body []byte) {
			kind := KindOf(contentType)
			if kind == None {
				return
			}
			out, err := Append(nil, body, contentType)
			if err != nil {
				broken[kind]++
				t.Logf("%s, %d bytes: %v", filepath.Base(path), len(body), err)
				return
			}
			sound[kind]++
			assert.True(t, json.Valid(out), path)
		})
	}
	t.Logf("sound %v, broken %v", sound, broken)
	assert.Positive(t, sound[HTML])
	assert.Zero(t, broken[HTML])
}
