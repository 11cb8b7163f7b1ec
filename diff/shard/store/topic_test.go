package store

import (
	"context"
	"errors"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

func openTopic(t testing.TB, o ...kfake.Opt) *Topic {
	t.Helper()
	c, err := kfake.NewCluster(append(o, kfake.NumBrokers(1), kfake.SeedTopics(1, "evidence"))...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	s, err := OpenTopic(t.Context(), "kafka://"+c.ListenAddrs()[0]+"/evidence")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func TestAnAttemptThatIsNotWholeIsNoObject(t *testing.T) {
	s := openTopic(t)
	ctx := t.Context()
	_, err := s.produce(ctx, key{"run/a", "killed", 0, 2}.bytes(), []byte("half"))
	require.NoError(t, err)
	_, err = s.Get(ctx, "run/a")
	require.ErrorIs(t, err, ErrMissing)
	require.NoError(t, s.Put(ctx, "run/a", []byte("whole")))
	_, err = s.produce(ctx, key{"run/a", "killed", 1, 2}.bytes(), []byte("late"))
	require.NoError(t, err)
	got, err := s.Get(ctx, "run/a")
	require.NoError(t, err)
	assert.Equal(t, "whole", string(got), "the first that was whole stays")
}

func TestRecordsOfOthersArePassedOver(t *testing.T) {
	s := openTopic(t)
	for _, k := range []string{"", "x", "a\nb", "a\nb\n1/1", "a\nb\n0/999999999", "../a\nb\n0/1", "a\nb\n-1/1"} {
		_, err := s.produce(t.Context(), []byte(k), []byte("x"))
		require.NoError(t, err)
	}
	for name, err := range s.List(t.Context(), "") {
		require.NoError(t, err)
		assert.Fail(t, "listed", name)
	}
}

func TestATopicThatRefusesTheSizeSaysWhatToRaise(t *testing.T) {
	s := openTopic(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "1000"}))
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(i*i>>8 ^ i*31) // does not compress well
	}
	err := s.Put(t.Context(), "run/a", data)
	if err == nil {
		t.Skip("this broker takes all sizes")
	}
	require.ErrorIs(t, err, ErrTooLarge)
	assert.ErrorContains(t, err, "max.message.bytes")
}

func TestAMissingTopicSaysWhatToDo(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	_, err = OpenTopic(t.Context(), "kafka://"+c.ListenAddrs()[0]+"/evidence")
	require.ErrorIs(t, err, kafkago.UnknownTopicOrPartition)
	assert.ErrorContains(t, err, "create it")
}

func TestWhatMayPassIsTriedAgainUntilTheCallerGivesUp(t *testing.T) {
	s := openTopic(t)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := s.retry(ctx, func(context.Context) error {
		if n++; n == 3 {
			cancel()
		}
		return kafkago.LeaderNotAvailable
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 3, n)
	refused := errors.Join(kafkago.TopicAuthorizationFailed)
	require.ErrorIs(t, s.retry(t.Context(), func(context.Context) error { n++; return refused }), kafkago.TopicAuthorizationFailed)
	assert.Equal(t, 4, n)
}

func FuzzParseKey(f *testing.F) {
	f.Add(key{"run/a", "ABC", 1, 3}.bytes())
	f.Add([]byte("a\nb\n0/1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, ok := parseKey(b)
		if !ok {
			return
		}
		again, ok := parseKey(k.bytes())
		require.True(t, ok)
		require.Equal(t, k, again)
		x := newIndex()
		x.note(k, 7)
	})
}
