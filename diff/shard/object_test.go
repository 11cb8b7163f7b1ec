package shard

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"crypto/sha256"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// counted is a judge that has counted a text.
type counted string

func (counted) Observe(*replay.Outcome) {}

func (s counted) Encode(w io.Writer) error {
	_, err := io.WriteString(w, string(s))
	return err
}

func sample() *head {
	return &head{
		Schema: chunkSchema, Plan: "p", Chunk: Chunk{1, 20, 40}, Attempt: "A", Begun: time.Unix(1, 0).UTC(), Sent: 19,
		Account: capture.Account{{Name: "kafka", Unit: "exchanges", Stats: capture.Stats{Seen: 20, Written: 20}}},
	}
}

func TestAnObjectIsReadAsItWasWritten(t *testing.T) {
	data, err := sample().object(counted("counts\nof two lines"))
	require.NoError(t, err)
	h, counts, err := parseObject(data, "p", Chunk{1, 20, 40})
	require.NoError(t, err)
	assert.Equal(t, sample(), h)
	got, err := io.ReadAll(counts)
	require.NoError(t, err)
	assert.Equal(t, "counts\nof two lines", string(got))
	_, _, err = parseObject(data, "q", Chunk{1, 20, 40})
	require.ErrorIs(t, err, ErrForeign)
}

func TestAnAccountThatDoesNotCoverTheChunkIsDamage(t *testing.T) {
	for _, change := range []func(*head){
		func(h *head) { h.Account = nil },
		func(h *head) { h.Account[0].Seen, h.Account[0].Written = 19, 19 },
		func(h *head) { h.Account[0].Written = 19 },
	} {
		h := sample()
		change(h)
		data, err := h.object(counted(""))
		require.NoError(t, err)
		_, _, err = parseObject(data, "p", h.Chunk)
		require.ErrorIs(t, err, errDamaged)
	}
}

func TestAnObjectsNameTellsItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Chunk{Partition: rapid.IntRange(0, 1<<31-1).Draw(t, "partition"), From: rapid.Int64Min(0).Draw(t, "from")}
		for name, want := range map[string]place{
			c.partial("run-1"):    {c.Partition, c.From, partialKind, ""},
			c.begun("run-1", "A"): {c.Partition, c.From, begunKind, "A"},
			c.left("run-1", "A"):  {c.Partition, c.From, leftKind, "A"},
		} {
			got, err := parseName("run-1", name)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			_, err = parseName("run-2", name)
			require.Error(t, err)
		}
	})
}

func FuzzParseObject(f *testing.F) {
	data, err := sample().object(counted("counts"))
	require.NoError(f, err)
	f.Add(data[:len(data)-sha256.Size])
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body) // or nothing beyond the checksum is reached
		h, _, err := parseObject(append(body, sum[:]...), "p", Chunk{1, 20, 40})
		if err == nil {
			require.NoError(t, h.Account.Balance())
			_, err = json.Marshal(h)
			require.NoError(t, err)
		}
	})
}

func FuzzParseName(f *testing.F) {
	f.Add(Chunk{1, 2, 3}.begun("run-1", "A"))
	f.Add("run-1/p1-o2.partial")
	f.Fuzz(func(t *testing.T, name string) {
		p, err := parseName("run-1", name)
		if err == nil {
			require.GreaterOrEqual(t, p.partition, 0)
			require.GreaterOrEqual(t, p.from, int64(0))
		}
	})
}
