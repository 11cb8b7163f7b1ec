//go:build e2e && linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

// patience bounds each wait: ten times what the longest takes on two busy cores.
const patience = 2 * time.Minute

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, patience, 50*time.Millisecond, what)
}

// process is an agent of its own.
type process struct {
	cmd     *exec.Cmd
	address string
	log     strings.Builder // to be read when it has ended
	logged  sync.WaitGroup
	ended   atomic.Bool
}

// arguments have a ring that holds what a busy machine leaves unread for seconds:
// what the kernel drops is counted in frames, not in exchanges.
func arguments(s *service, b stand, dir string) []string {
	return []string{"--interface=lo", "--port=" + s.port(), "--service=shop", "--kafka=" + address(b),
		"--spool=" + dir, "--spool-free=0", "--ring=64MiB"}
}

// startAgent starts an agent and waits until it records. Of flags that come
// twice the later counts.
func startAgent(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], append(args, "--listen=127.0.0.1:0", "--limit-cpu=0", "--limit-memory=0")...)}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	recording := make(chan struct{})
	p.logged.Go(func() { p.readLog(out, recording) })
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

func (p *process) readLog(out io.Reader, recording chan<- struct{}) {
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
}

func (p *process) kill(t *testing.T) {
	require.NoError(t, p.cmd.Process.Kill())
	p.logged.Wait()
	_ = p.cmd.Wait()
	p.ended.Store(true)
}

// stop ends the agent as a pod does, and returns its exit code.
func (p *process) stop(t *testing.T) int {
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.logged.Wait()
	_ = p.cmd.Wait() // the code says it
	p.ended.Store(true)
	return p.cmd.ProcessState.ExitCode()
}

// end is stop for those that expect a clean end.
func (p *process) end(t *testing.T) {
	t.Helper()
	require.Zero(t, p.stop(t), "exit code")
}

// get asks the agent; without an answer the status is 0.
func (p *process) get(path string) (status int, body string) {
	resp, err := http.Get("http://" + p.address + path)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// stage is a stage of the account that the agent serves.
func (p *process) stage(name string) capture.Stats {
	_, body := p.get("/healthz")
	var s status
	_ = json.Unmarshal([]byte(body), &s)
	for _, stage := range s.Account {
		if stage.Name == name {
			return stage.Stats
		}
	}
	return capture.Stats{}
}

// lastStage is what the log of an agent that has ended says of a stage.
func (p *process) lastStage(name string) (stats capture.Stats) {
	for line := range strings.Lines(p.log.String()) {
		var said struct {
			Msg, Stage string
			Seen       uint64
			Written    uint64
			Open       uint64
			Dropped    map[capture.Reason]uint64
		}
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "account" && said.Stage == name {
			stats = capture.Stats{Seen: said.Seen, Written: said.Written, Open: said.Open, Dropped: said.Dropped}
		}
	}
	return stats
}

// settled waits until all that was served is shipped or dropped.
func (p *process) settled(t *testing.T, s *service) (ship capture.Stats) {
	t.Helper()
	defer p.explain(t, s)
	eventually(t, "everything is shipped", func() bool {
		ship = p.stage("ship")
		return int64(ship.Seen) == s.served.Load() && ship.Open == 0
	})
	return ship
}

// seen waits until all that was served is recorded.
func (p *process) seen(t *testing.T, s *service) {
	t.Helper()
	defer p.explain(t, s)
	eventually(t, "all is recorded", func() bool { return int64(p.stage("ship").Seen) == s.served.Load() })
}

// explain tells of a test that failed where its exchanges are.
func (p *process) explain(t *testing.T, s *service) {
	if t.Failed() {
		_, why := p.get("/readyz")
		_, account := p.get("/healthz")
		t.Logf("served %d\n%s%s", s.served.Load(), why, account)
	}
}

// spooled waits until all that waits is on disk.
func (p *process) spooled(t *testing.T) {
	t.Helper()
	eventually(t, "what waits is on disk", func() bool {
		return p.metric("twinspect_agent_queue_size_bytes") == 0 && p.metric("twinspect_agent_spool_exchanges") > 0 &&
			uint64(p.metric("twinspect_agent_spool_exchanges")) == p.stage("ship").Open
	})
}

// metric is the value of a metric without labels, -1 where there is none.
func (p *process) metric(name string) float64 {
	_, body := p.get("/metrics")
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return n
		}
	}
	return -1
}

func (p *process) ready() bool {
	code, _ := p.get("/readyz")
	return code == http.StatusOK
}

// cpu is how long the agent has computed: fields 14 and 15 of proc_pid_stat(5),
// in ticks of 10 ms.
func (p *process) cpu(t *testing.T) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	own, err := strconv.Atoi(fields[11])
	require.NoError(t, err)
	kernel, err := strconv.Atoi(fields[12])
	require.NoError(t, err)
	return time.Duration(own+kernel) * 10 * time.Millisecond
}
