package kafka

import (
	"bytes"
	"io"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheLibraryReadsABatchAsItWasMade(t *testing.T) {
	m, err := newBatcher()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record {
			return record{
				key:   rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "key"),
				value: rapid.SliceOfN(rapid.Byte(), 0, 70_000).Draw(t, "value"),
				time:  rapid.Int64Range(1, 1<<42).Draw(t, "time"),
			}
		}), 1, 200).Draw(t, "records")
		b := m.make(records)
		defer m.release(b)
		var set protocol.RecordSet
		_, err := set.ReadFrom(bytes.NewReader(b.set))
		require.NoError(t, err)
		require.Equal(t, protocol.Zstd, set.Attributes)
		for i := range records {
			r, err := set.Records.ReadRecord()
			require.NoError(t, err, i)
			require.EqualValues(t, i, r.Offset)
			require.Equal(t, records[i].time, r.Time.UnixMilli())
			require.True(t, bytes.Equal(records[i].key, all(t, r.Key)))
			require.True(t, bytes.Equal(records[i].value, all(t, r.Value)))
		}
		_, err = set.Records.ReadRecord()
		require.ErrorIs(t, err, io.EOF)
	})
}

func all(t require.TestingT, b protocol.Bytes) []byte {
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	return got
}

func TestABufferThatARequestMayStillReadIsNotUsedAgain(t *testing.T) {
	m, err := newBatcher()
	require.NoError(t, err)
	b := m.make([]record{{value: []byte("x"), time: 1}})
	b.lent = true
	m.release(b)
	for range 10 {
		assert.NotSame(t, b, m.make([]record{{value: []byte("y"), time: 1}}))
	}
}
