//go:build e2e && linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

const topic = "exchanges"

// withKafka starts a real broker with the topic.
func withKafka(t *testing.T) *kafkastand.Broker {
	t.Helper()
	if err := kafkastand.Available(); err != nil {
		t.Skipf("the agent is not tested with a broker: %v", err)
	}
	b, err := kafkastand.Start(t.Context(), kafkastand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Stop()) })
	require.NoError(t, b.CreateTopic(t.Context(), topic, 3))
	return b
}

// service is what is recorded; it counts its requests.
type service struct {
	*httptest.Server
	served atomic.Int64
}

func newService(t *testing.T) *service {
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.served.Add(1)
		fmt.Fprintf(w, `{"path":%q,"filler":%q}`, r.URL.Path, strings.Repeat("x", 500))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) port() string {
	u, _ := url.Parse(s.URL)
	return u.Port()
}

// load asks the service over several connections until the context ends or
// each has sent n requests, and closes them.
func (s *service) load(ctx context.Context, t *testing.T, n int) {
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := http.Client{Transport: transport}
			for i := 0; i < n && ctx.Err() == nil; i++ {
				resp, err := client.Get(fmt.Sprintf("%s/items/%d-%d", s.URL, c, i))
				if !assert.NoError(t, err) {
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	clients.Wait()
}

// process is an agent of its own.
type process struct {
	cmd     *exec.Cmd
	address string
	log     strings.Builder
	logged  sync.WaitGroup
	ended   atomic.Bool
}

// startAgent starts an agent and waits until it records.
func startAgent(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], append(args, "--listen=127.0.0.1:0", "--limit-cpu=0", "--limit-memory=0")...)}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	recording := make(chan struct{})
	p.logged.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var line struct{ Msg, Address string }
			_ = json.Unmarshal(lines.Bytes(), &line)
			fmt.Fprintln(&p.log, lines.Text())
			switch line.Msg {
			case "serving metrics and health":
				p.address = line.Address
			case "recording":
				close(recording)
			}
		}
	})
	gone := make(chan struct{})
	go func() { p.logged.Wait(); close(gone) }()
	t.Cleanup(func() {
		if !p.ended.Load() {
			p.kill(t)
		}
		if t.Failed() {
			t.Log(p.log.String())
		}
	})
	select {
	case <-recording:
	case <-gone:
		t.Fatalf("the agent ended: %s", p.log.String())
	}
	return p
}

func (p *process) kill(t *testing.T) {
	require.NoError(t, p.cmd.Process.Kill())
	p.logged.Wait()
	p.cmd.Wait()
	p.ended.Store(true)
}

// end stops the agent as a pod does, and expects a clean end.
func (p *process) end(t *testing.T) {
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.logged.Wait()
	require.NoError(t, p.cmd.Wait(), p.log.String())
	p.ended.Store(true)
}

// stage is a stage of the account that the agent serves.
func (p *process) stage(name string) capture.Stats {
	resp, err := http.Get("http://" + p.address + "/healthz")
	if err != nil {
		return capture.Stats{}
	}
	defer resp.Body.Close()
	var s status
	_ = json.NewDecoder(resp.Body).Decode(&s)
	for _, stage := range s.Account {
		if stage.Name == name {
			return stage.Stats
		}
	}
	return capture.Stats{}
}

// metric is the value of a metric without labels, -1 where there is none.
func (p *process) metric(name string) float64 {
	resp, err := http.Get("http://" + p.address + "/metrics")
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			n, _ := strconv.ParseFloat(value, 64)
			return n
		}
	}
	return -1
}

func (p *process) ready() bool {
	resp, err := http.Get("http://" + p.address + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

const patience = 2 * time.Minute

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, patience, 50*time.Millisecond, what)
}

// unique counts the records of the topic by identity, and those that came again.
func unique(t *testing.T, b *kafkastand.Broker) (records, again int64) {
	t.Helper()
	target, err := kafka.ParseURL(address(b) + "?from=earliest&to=latest")
	require.NoError(t, err)
	src, err := kafka.Open(t.Context(), target, kafka.SourceOptions{})
	require.NoError(t, err)
	defer src.Close()
	ids := map[capture.ID]bool{}
	var e capture.Exchange
	for {
		err := src.ReadExchange(t.Context(), &e)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		assert.True(t, e.Complete(), "%s %s", e.Request.Incomplete, e.Response.Incomplete)
		assert.Equal(t, "shop", e.Context.Service)
		ids[e.ID] = true
	}
	account := src.Account()
	return int64(len(ids)), int64(account[len(account)-1].Filtered["duplicate"])
}

func address(b *kafkastand.Broker) string { return "kafka://" + b.Addr() + "/" + topic }

func arguments(s *service, b *kafkastand.Broker, dir string) []string {
	return []string{"--interface=lo", "--port=" + s.port(), "--service=shop", "--kafka=" + address(b), "--spool=" + dir, "--spool-free=0"}
}

// The server's count is what is in the topic and what was counted as dropped,
// to the last one.
func TestABrokerThatIsKilledInTheMiddleCostsNothing(t *testing.T) {
	s, b := newService(t), withKafka(t)
	p := startAgent(t, arguments(s, b, t.TempDir())...)
	ctx, stop := context.WithCancel(t.Context())
	var traffic sync.WaitGroup
	traffic.Go(func() { s.load(ctx, t, 1<<30) })
	eventually(t, "the first records arrive", func() bool { return p.stage("ship").Written > 500 })
	require.NoError(t, b.Kill())
	eventually(t, "the agent notices", func() bool { return !p.ready() })
	at := s.served.Load()
	eventually(t, "traffic goes on", func() bool { return s.served.Load() > at+2000 })
	require.NoError(t, b.Restart(t.Context()))
	eventually(t, "the agent is back", p.ready)
	stop()
	traffic.Wait()
	eventually(t, "everything is shipped", func() bool { st := p.stage("ship"); return int64(st.Seen) == s.served.Load() && st.Open == 0 })
	ship := p.stage("ship")
	p.end(t)
	records, again := unique(t, b)
	t.Logf("served %d, unique records %d, sent again %d, dropped %v", s.served.Load(), records, again, ship.Dropped)
	assert.Equal(t, s.served.Load(), records+int64(ship.Lost()))
	assert.Zero(t, ship.Lost(), "the spool had room")
}

func TestAnAgentThatIsKilledWithExchangesOnDiskLosesNoneOfThem(t *testing.T) {
	s, b := newService(t), withKafka(t)
	dir := t.TempDir()
	p := startAgent(t, arguments(s, b, dir)...)
	s.load(t.Context(), t, 50)
	eventually(t, "the first are shipped", func() bool { return int64(p.stage("ship").Written) == s.served.Load() })
	require.NoError(t, b.Kill())
	s.load(t.Context(), t, 200)
	eventually(t, "the rest is recorded", func() bool { return int64(p.stage("ship").Seen) == s.served.Load() })
	eventually(t, "what waits is on disk", func() bool {
		return p.metric("twinspect_agent_queue_size_bytes") == 0 && p.metric("twinspect_agent_spool_exchanges") > 0
	})
	p.kill(t)
	require.NoError(t, b.Restart(t.Context()))
	p = startAgent(t, arguments(s, b, dir)...)
	s.load(t.Context(), t, 50)
	eventually(t, "everything is shipped", func() bool { st := p.stage("ship"); return int64(st.Seen) == s.served.Load() && st.Open == 0 })
	ship := p.stage("ship")
	p.end(t)
	records, again := unique(t, b)
	t.Logf("served %d, unique records %d, sent again %d, dropped %v", s.served.Load(), records, again, ship.Dropped)
	assert.Equal(t, s.served.Load(), records+int64(ship.Lost()))
	assert.Zero(t, ship.Lost(), "nothing was in memory when the process was killed")
}

func TestAFullDiskIsCountedToTheLastExchange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tiny")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a full disk is not tested: this needs root: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	s, b := newService(t), withKafka(t)
	require.NoError(t, b.Kill())
	p := startAgent(t, append(arguments(s, b, dir), "--queue=64KiB")...)
	for p.stage("ship").Lost() == 0 {
		s.load(t.Context(), t, 500)
	}
	eventually(t, "all is seen", func() bool { return int64(p.stage("ship").Seen) == s.served.Load() })
	require.NoError(t, b.Restart(t.Context()))
	eventually(t, "everything is shipped", func() bool { return p.stage("ship").Open == 0 })
	ship := p.stage("ship")
	p.end(t)
	records, again := unique(t, b)
	t.Logf("served %d, unique records %d, sent again %d, dropped %v", s.served.Load(), records, again, ship.Dropped)
	assert.Equal(t, s.served.Load(), records+int64(ship.Lost()))
	assert.Positive(t, ship.Lost())
	assert.Positive(t, records)
}

func TestSecretsDoNotReachTheTopicNorTheSpool(t *testing.T) {
	s, b := newService(t), withKafka(t)
	require.NoError(t, b.Kill())
	dir := t.TempDir()
	p := startAgent(t, arguments(s, b, dir)...)
	const secret = "s3cr3tT0kenValue99"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/login?access_token="+secret, strings.NewReader(`{"password":"`+secret+`"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Cookie", "session="+secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	eventually(t, "it is recorded", func() bool { return p.stage("ship").Seen == 1 })
	require.NoError(t, b.Restart(t.Context()))
	eventually(t, "it is shipped", func() bool { return p.stage("ship").Written == 1 })
	p.end(t)
	target, err := kafka.ParseURL(address(b) + "?from=earliest&to=latest")
	require.NoError(t, err)
	src, err := kafka.Open(t.Context(), target, kafka.SourceOptions{})
	require.NoError(t, err)
	defer src.Close()
	var e capture.Exchange
	require.NoError(t, src.ReadExchange(t.Context(), &e))
	assert.NotContains(t, fmt.Sprintf("%+v %s %s", e, e.Request.Body, e.Response.Body), secret)
	assert.True(t, strings.HasPrefix(e.Request.Header.Get("Authorization"), "Bearer "))
}

// balance sums what /metrics says of a stage.
func (p *process) balance(t *testing.T, stage string) (seen, rest float64) {
	resp, err := http.Get("http://" + p.address + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		line := lines.Text()
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
	s, b := newService(t), withKafka(t)
	file := filepath.Join(t.TempDir(), "agent.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("sample: {rate: 1}\n")
	p := startAgent(t, append(arguments(s, b, t.TempDir()), "--config="+file)...)
	s.load(t.Context(), t, 100)
	eventually(t, "all is shipped", func() bool { return int64(p.stage("ship").Written) == s.served.Load() })

	write("sample: {rate: often}\n")
	eventually(t, "a wrong file is refused", func() bool { return p.metric("twinspect_agent_reloads_refused") == 1 })
	s.load(t.Context(), t, 100)
	eventually(t, "the old settings stay", func() bool { return int64(p.stage("ship").Written) == s.served.Load() })

	write("sample: {rate: 0, quota: 0}\n")
	eventually(t, "the new file is taken", func() bool { return p.metric("twinspect_agent_reloads") == 1 })
	before := s.served.Load()
	s.load(t.Context(), t, 100)
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
