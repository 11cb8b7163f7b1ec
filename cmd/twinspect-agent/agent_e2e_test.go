//go:build e2e && linux

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"twinspect.dev/capture"
)

func TestAnAgentThatIsKilledWithExchangesOnDiskLosesNoneOfThem(t *testing.T) {
	t.Parallel()
	s, b := newService(t), withKafka(t)
	_, away := b.behind(t)
	dir := t.TempDir()
	p := startAgent(t, append(arguments(s, b, dir), away)...)
	s.load(t, 100, "")
	p.seen(t, s)
	p.spooled(t)
	p.kill(t)
	p = startAgent(t, arguments(s, b, dir)...)
	s.load(t, 50, "")
	ship := p.settled(t, s)
	p.end(t)
	b.balances(t, s, ship)
	assert.Zero(t, ship.Lost(), "nothing was in memory when the process was killed")
}

func TestAFullDiskIsCountedToTheLastExchange(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tiny")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a full disk is not tested: this needs root: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	s, b := newService(t), withKafka(t)
	broker, away := b.behind(t)
	p := startAgent(t, append(arguments(s, b, dir), away, "--queue=256KiB")...)
	for p.stage("ship").Dropped["disk-full"] == 0 {
		s.load(t, 50, "random=2000")
		p.seen(t, s)
	}
	broker.open()
	ship := p.settled(t, s)
	p.end(t)
	records := b.balances(t, s, ship)
	assert.Positive(t, records, "what was kept stays")
}

func TestSecretsDoNotReachTheTopicNorTheSpool(t *testing.T) {
	t.Parallel()
	s, b := newService(t), withKafka(t)
	broker, away := b.behind(t)
	rules := filepath.Join(t.TempDir(), "redact.yaml")
	require.NoError(t, os.WriteFile(rules, []byte("rules: [{service: shop, json: [$.note]}]\n"), 0o600))
	p := startAgent(t, append(arguments(s, b, t.TempDir()), away, "--redact="+rules)...)
	const secret = "s3cr3tT0kenValue99"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/login?access_token="+secret, strings.NewReader(`{"password":"`+secret+`","note":"`+secret+`"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Cookie", "session="+secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	p.seen(t, s)
	p.spooled(t)
	broker.open()
	p.settled(t, s)
	p.end(t)
	n := 0
	b.each(t, func(e *capture.Exchange) {
		n++
		assert.NotContains(t, fmt.Sprintf("%+v %s %s", e, e.Request.Body, e.Response.Body), secret)
		assert.True(t, strings.HasPrefix(e.Request.Header.Get("Authorization"), "Bearer "))
	})
	assert.Equal(t, 1, n)
}

// balance sums what /metrics says of a stage.
func (p *process) balance(t *testing.T, stage string) (seen, rest float64) {
	_, body := p.get("/metrics")
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "twinspect_agent_") || !strings.Contains(line, `stage="`+stage+`"`) {
			continue
		}
		n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		require.NoError(t, err)
		if strings.Contains(line, `outcome="seen"`) {
			seen += n
		} else {
			rest += n
		}
	}
	return seen, rest
}

func TestMetricsBalanceAndSettingsChangeWithoutARestart(t *testing.T) {
	t.Parallel()
	s, b := newService(t), withKafka(t)
	file := filepath.Join(t.TempDir(), "agent.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("sample: {rate: 1}\n")
	p := startAgent(t, append(arguments(s, b, t.TempDir()), "--config="+file)...)
	s.load(t, 100, "")
	p.settled(t, s)

	write("sample: {rate: often}\n")
	eventually(t, "a wrong file is refused", func() bool { return p.metric("twinspect_agent_reloads_refused") == 1 })
	s.load(t, 100, "")
	p.settled(t, s)

	write("sample: {rate: 0, quota: 0}\n")
	eventually(t, "the new file is taken", func() bool { return p.metric("twinspect_agent_reloads") == 1 })
	before := s.served.Load()
	s.load(t, 100, "")
	eventually(t, "nothing is kept", func() bool {
		return int64(p.stage("sample").Filtered["sampled-out"]) == s.served.Load()-before
	})
	for _, stage := range []string{"frames", "segments", "messages", "exchanges", "sample", "redact", "ship"} {
		seen, rest := p.balance(t, stage)
		assert.Positive(t, seen, stage)
		assert.InDelta(t, seen, rest, 0.5, stage)
	}
	p.end(t)
}
