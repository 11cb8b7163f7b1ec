//go:build e2e && linux

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

// The broker takes batches of 16 KiB, the producer knows of 1 MiB only: one
// message is over the first limit, the other over both.
func TestAMessageOverTheLimitOfTheBrokerIsCountedAndTheOthersArrive(t *testing.T) {
	t.Parallel()
	s, b := newService(t), withTopic(t, kafkastand.Topic{Partitions: 3, Settings: map[string]string{"max.message.bytes": "16384"}})
	p := startAgent(t, append(arguments(s, b, t.TempDir()), "--body-limit=4MiB")...)
	c, end := s.client(t)
	defer end()
	const large = 6
	for range large / 2 {
		s.load(t, 10, "")
		require.True(t, c.ask("/items/large?random=60000"))
		require.True(t, c.ask("/items/huge?random=1200000"))
		s.load(t, 10, "random=2000") // together over the limit, alone below
	}
	ship := p.settled(t, s)
	assert.True(t, p.ready(), "the broker is well")
	p.end(t)
	b.balances(t, s, ship)
	assert.Equal(t, map[capture.Reason]uint64{"message-too-large": large}, ship.Dropped)
}

func TestWrongCredentialsAreToldAndNothingIsLost(t *testing.T) {
	t.Parallel()
	const wrong = "wr0ng-w0rd"
	s, b := newService(t), withKafka(t)
	dir := t.TempDir()
	args := arguments(s, b, dir)
	p := startAgent(t, append(args, "--kafka="+b.url(user+":"+wrong))...)
	says := func() bool { return p.unready(`the broker refuses user \"recorder\"`) }
	eventually(t, "it is told before there is anything to send", says)
	s.load(t, 50, "")
	p.seen(t, s)
	p.spooled(t)
	eventually(t, "it is told while there is something to send", says)
	_, body := p.get("/readyz")
	assert.NotContains(t, body, wrong)
	_, body = p.get("/healthz")
	assert.NotContains(t, body, wrong)
	p.end(t)
	assert.Contains(t, p.log.String(), `the broker refuses user \"recorder\"`)
	assert.NotContains(t, p.log.String(), wrong)

	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
	p = startAgent(t, append(args, "--kafka="+b.url(user)+"?password-file="+file)...)
	ship := p.settled(t, s)
	assert.True(t, p.ready())
	p.end(t)
	assert.NotContains(t, p.log.String(), password)
	b.balances(t, s, ship)
	assert.Zero(t, ship.Lost())
}

func TestAnAgentWithNothingToSendIsReadyOnceTheTopicIsThere(t *testing.T) {
	t.Parallel()
	s, b := newService(t), withoutTopic(t)
	p := startAgent(t, arguments(s, b, t.TempDir())...)
	eventually(t, "it is told", func() bool { return p.unready("the topic does not exist: create it") })
	require.NoError(t, b.CreateTopic(t.Context(), b.topic, 3))
	eventually(t, "it is ready", p.ready)
	p.end(t)
}

func TestATopicThatIsMissingIsToldAndTakesEverythingOnceItIsThere(t *testing.T) {
	t.Parallel()
	s, b := newService(t), withoutTopic(t)
	p := startAgent(t, arguments(s, b, t.TempDir())...)
	says := func() bool { return p.unready("the topic does not exist: create it") }
	eventually(t, "it is told before there is anything to send", says)
	s.load(t, 50, "")
	p.seen(t, s)
	p.spooled(t)
	eventually(t, "it is told while there is something to send", says)
	require.NoError(t, b.CreateTopic(t.Context(), b.topic, 3))
	begin := time.Now()
	ship := p.settled(t, s)
	assert.Less(t, time.Since(begin), 10*time.Second, "from the topic to the last exchange")
	eventually(t, "it is ready", p.ready)
	p.end(t)
	assert.Contains(t, p.log.String(), "the topic does not exist: create it")
	b.balances(t, s, ship)
	assert.Zero(t, ship.Lost())
}

// unready reports whether the agent says that it is not ready, and why.
func (p *process) unready(why string) bool {
	code, body := p.get("/readyz")
	return code == http.StatusServiceUnavailable && strings.Contains(body, why)
}
