package recording

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/capture/kafka"
)

// topic is the address of an empty topic, whose user and password nobody asks
// for.
func topic(t *testing.T) (address string, publish func(targets ...string)) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "exchanges"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	broker := cluster.ListenAddrs()[0]
	return "kafka://" + broker + "/exchanges", func(targets ...string) {
		sink, err := kafka.NewSink(kafka.Config{Brokers: []string{broker}, Topic: "exchanges"}, kafka.SinkOptions{})
		require.NoError(t, err)
		for _, target := range targets {
			require.NoError(t, sink.WriteExchange(t.Context(), get(target)))
		}
		require.NoError(t, sink.Close())
	}
}

func TestFixedTopicReadsTheSameAgain(t *testing.T) {
	address, publish := topic(t)
	publish("/shelves/red/books", "/shelves/blue/books")
	fixed, err := Fix(t.Context(), address+"?from=earliest&to=latest&client-id=test")
	require.NoError(t, err)
	assert.Contains(t, fixed, "client-id=test")
	publish("/shelves/green/books")

	again, err := Fix(t.Context(), fixed)
	require.NoError(t, err)
	assert.Equal(t, fixed, again)
	env, _, _ := testEnv("")
	for range 2 {
		in, err := Open(t.Context(), env, fixed)
		require.NoError(t, err)
		got, damaged, err := targets(t.Context(), in)
		require.NoError(t, err)
		require.NoError(t, in.Close())
		assert.Zero(t, damaged)
		assert.ElementsMatch(t, []string{"/shelves/red/books", "/shelves/blue/books"}, got)
		assert.True(t, strings.HasPrefix(in.Name, address+"?"), in.Name)
	}
}

func TestOperationsOfAFixedTopicAreLearned(t *testing.T) {
	address, publish := topic(t)
	var list []string
	for _, color := range []string{"red", "green", "blue", "black", "white", "grey", "pink", "brown", "amber", "azure", "beige", "coral", "cyan", "gold", "ivory", "jade", "khaki", "lime", "navy", "olive", "plum", "rose", "ruby", "sand", "tan", "teal", "wine", "zinc"} {
		list = append(list, "/shelves/"+color+"/books")
	}
	publish(list...)
	fixed, err := Fix(t.Context(), address)
	require.NoError(t, err)
	env, _, _ := testEnv("")
	namer, err := NewNamer(t.Context(), env, fixed, "")
	require.NoError(t, err)
	learned := namer.Name("GET", "/shelves/mauve/books")
	assert.NotContains(t, learned, "mauve")
	namer, err = NewNamer(t.Context(), env, address, "")
	require.NoError(t, err)
	assert.Contains(t, namer.Name("GET", "/shelves/mauve/books"), "mauve", "what cannot be read again teaches nothing")
}

func TestWhatCannotBeFixedKeepsItsName(t *testing.T) {
	for _, name := range []string{"a.twin", Stdio, "kafka://127.0.0.1:1/exchanges?group=workers"} {
		fixed, err := Fix(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, name, fixed)
	}
	_, err := Fix(t.Context(), "kafka://127.0.0.1:1/exchanges?from=sometime")
	assert.ErrorContains(t, err, "from")
}

func TestNameOfATopicHasNoPassword(t *testing.T) {
	address, publish := topic(t)
	publish("/a")
	env, _, _ := testEnv("")
	_, err := Open(t.Context(), env, strings.Replace(address, "kafka://", "kafka://me:s3cret@", 1)+"?sasl=plain&dial-timeout=2s")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "s3cret")
}
