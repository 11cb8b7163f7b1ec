//go:build e2e && linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/contractfile"
	"twinspect.dev/contract/pact"
	"twinspect.dev/fixtures/market"
)

// telling is a process that says in a line of its own that it is ready.
type telling struct {
	cmd  *exec.Cmd
	rest string // of that line
	said bytes.Buffer
	read chan struct{}
}

// startTelling waits until the program has printed marker, on its standard error or,
// for the services, its standard output.
func startTelling(t *testing.T, marker, program string, args ...string) *telling {
	t.Helper()
	p := &telling{cmd: exec.CommandContext(t.Context(), program, args...), read: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	p.cmd.Stdout, p.cmd.Stderr = w, w
	require.NoError(t, p.start())
	require.NoError(t, w.Close())
	ready := make(chan string, 1)
	go func() {
		defer close(p.read)
		defer r.Close()
		for lines := bufio.NewScanner(r); lines.Scan(); {
			fmt.Fprintln(&p.said, lines.Text())
			if _, rest, ok := strings.Cut(lines.Text(), marker); ok && len(ready) == 0 {
				ready <- rest
			}
		}
	}()
	select {
	case p.rest = <-ready:
	case <-p.read:
		_ = p.cmd.Wait()
		t.Fatalf("%s %v ended:\n%s", program, args, p.said.String())
	}
	return p
}

// start starts the process on a thread that lasts as long as it: a child is killed with
// the thread that started it (PR_SET_PDEATHSIG, prctl(2)), and threads end in tests.
func (p *telling) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := p.cmd.Start()
		started <- err
		if err == nil {
			<-p.read
		}
	}()
	return <-started
}

// interrupt ends the process as a user does.
func (p *telling) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	<-p.read
	require.NoError(t, p.cmd.Wait(), p.said.String())
}

// programs are those of a user.
type programs struct{ twinspect, marketd string }

func builtPrograms(t *testing.T) programs {
	t.Helper()
	p := programs{twinspect: built(t), marketd: filepath.Join(t.TempDir(), "marketd")}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.marketd, "twinspect.dev/fixtures/marketd").CombinedOutput()
	require.NoError(t, err, string(out))
	return p
}

// run returns what twinspect printed, and sees to its exit code.
func (p programs) run(t *testing.T, code int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), p.twinspect, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the code says it
	require.Equal(t, code, cmd.ProcessState.ExitCode(), "%v\n%s%s", args, stdout.String(), stderr.String())
	return stdout.String()
}

// recordMarket runs four services, each behind a recorder, and a collector of spans,
// sends n requests of customers, and ends all of them by an interrupt.
func (p programs) recordMarket(t *testing.T, dir string, n int) *marketRun {
	t.Helper()
	m := &marketRun{spans: filepath.Join(dir, "spans.otlp"), specs: marketDocuments(t)}
	collector := startTelling(t, "send spans to ", p.twinspect, "spans", "otlp://127.0.0.1:0", "-o", m.spans)
	otlp, _, _ := strings.Cut(collector.rest, " ")
	at := make(map[string]string)
	var ends []*telling
	for _, service := range slices.Backward(market.Services()) {
		args := []string{"-service", service, "-otlp", "http://" + otlp, "-seed", "3"}
		for _, peer := range market.Calls(service) {
			args = append(args, "-"+peer, at[peer])
		}
		s := startTelling(t, "listening: ", p.marketd, args...)
		file := filepath.Join(dir, service+".twin")
		recorder := startTelling(t, "recording ", p.twinspect, "capture", "--proxy", "127.0.0.1:0=http://"+s.rest, "-o", file)
		at[service], _, _ = strings.Cut(recorder.rest, " ")
		m.exchanges = append(m.exchanges, file)
		ends = append(ends, recorder, s)
	}
	transport := &http.Transport{}
	counts, err := market.Drive(t.Context(), &http.Client{Transport: transport}, at[market.Storefront], n, 3)
	require.NoError(t, err)
	transport.CloseIdleConnections()
	require.Zero(t, counts.Statuses[http.StatusBadGateway])
	for _, end := range slices.Backward(ends) { // callers first
		end.interrupt(t)
	}
	collector.interrupt(t)
	return m
}

// marketRequests is how many requests of customers the contracts are inferred from.
const marketRequests = 3000

func TestConsumersOfAMarketAreFoundAndBreakByWhatTheyUse(t *testing.T) {
	p, dir := builtPrograms(t), t.TempDir()
	m := p.recordMarket(t, dir, marketRequests)

	page := p.run(t, 0, "topology", m.spans, "--format", "html")
	for _, service := range market.Services() {
		assert.Contains(t, page, service)
	}
	contracts, pacts := filepath.Join(dir, "contracts"), filepath.Join(dir, "pacts")
	said := p.run(t, 0, m.args("-o", contracts, "--pact", pacts)...)
	t.Log(said)
	all, err := contractfile.Read(contracts)
	require.NoError(t, err)
	require.Len(t, all, len(marketPairs()))
	found := usesOf(all, said)

	t.Run("used fields", func(t *testing.T) { usedFields(t, found) })
	t.Run("pacts against branches", func(t *testing.T) { pactsAgainstBranches(t, found, pactsIn(t, pacts)) })
	t.Run("programs against branches", func(t *testing.T) { p.programsAgainstBranches(t, found, pacts) })
	t.Run("documents", func(t *testing.T) { documentsWithoutFields(t, p, found, contracts) })
}

func pactsIn(t *testing.T, dir string) (all []*pact.Pact) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		p, err := pact.ReadFile(file)
		require.NoError(t, err)
		all = append(all, p)
	}
	require.Len(t, all, len(marketPairs()))
	return all
}

// addresses are where the services of a market of processes listen.
func addresses(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	at := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		service, address, _ := strings.Cut(strings.TrimSpace(line), " ")
		at[service] = address
	}
	return at
}

// exitCodes verifies the Pact files that consumers have of some providers by
// contract-run, against the processes of a market that leaves a field out, "" for none,
// and returns how it ended by consumer and provider.
func (p programs) exitCodes(t *testing.T, pacts, drop string, providers ...string) map[[2]string]int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "addresses")
	args := []string{"-all", "-seed", "3", "-address-file", file}
	if drop != "" {
		args = append(args, "-drop", drop)
	}
	s := startTelling(t, "listening: "+market.Pricing, p.marketd, args...)
	defer s.interrupt(t)
	at, codes := addresses(t, file), make(map[[2]string]int)
	for _, pair := range marketPairs() {
		if !slices.Contains(providers, pair[1]) {
			continue
		}
		provider := "http://" + at[pair[1]]
		cmd := exec.CommandContext(t.Context(), p.twinspect, "contract-run", filepath.Join(pacts, pair[0]+"-"+pair[1]+".json"),
			"--provider", provider, "--state-url", provider+"/_pact/state")
		out, _ := cmd.CombinedOutput() // the code says it
		codes[pair] = cmd.ProcessState.ExitCode()
		assert.LessOrEqual(t, codes[pair], 1, "%v: %s", cmd.Args, out)
	}
	return codes
}

// programsAgainstBranches does as a user does: base, and of each provider a branch
// without a field that is used, and one without a field that is not.
func (p programs) programsAgainstBranches(t *testing.T, found *uses, pacts string) {
	providers := market.Services()[1:]
	base := p.exitCodes(t, pacts, "", providers...)
	assert.Len(t, base, len(marketPairs()))
	for pair, code := range base {
		assert.Zero(t, code, "%v on base", pair)
	}
	for _, provider := range providers {
		for _, f := range found.pair(t, provider) {
			want := make(map[[2]string]int)
			for _, consumer := range consumersOf(provider) {
				want[[2]string{consumer, provider}] = 0
			}
			for _, consumer := range found.expected(f) {
				want[[2]string{consumer, provider}] = 1
			}
			assert.Equal(t, want, p.exitCodes(t, pacts, provider+": "+f.setting(), provider), f)
		}
	}
	t.Logf("%d Pact files against base, those of each of %d providers against two branches of it", len(base), len(providers))
}

// pair is a field of a provider's bodies that one consumer reads and uses, and one that
// nobody reads or uses.
func (u *uses) pair(t *testing.T, provider string) (two [2]field) {
	t.Helper()
	for _, f := range slices.Backward(leaves(provider)) {
		part, _ := f.at.Split()
		switch readers := u.readers(f); {
		case part != "body" || !slices.Equal(readers, u.expected(f)):
		case len(readers) == 1:
			two[0] = f
		case len(readers) == 0 && len(u.users(f)) == 0:
			two[1] = f
		}
	}
	require.NotZero(t, two[0], provider)
	require.NotZero(t, two[1], provider)
	return two
}
