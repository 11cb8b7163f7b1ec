package kafka_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
)

const (
	// workerTarget is set in a process that is to be a worker: its target.
	workerTarget = "TWINSPECT_KAFKA_WORKER"
	// The worker takes delivered exchanges and processes the first of them.
	delivered, processed = 1200, 700
	published            = 3000
)

// The test runs itself as a child that is a worker, and kills that child: no
// goodbye reaches the group.
func TestAWorkerThatIsKilledIsReplaced(t *testing.T) {
	if target := os.Getenv(workerTarget); target != "" {
		workUntilKilled(t, target)
	}
	_, target := groupCluster(t, 4)
	checkKilledWorker(t, target)
}

func workUntilKilled(t *testing.T, text string) {
	target, err := kafka.ParseURL(text)
	require.NoError(t, err)
	o := quick
	o.Manual = true
	src, err := kafka.Open(t.Context(), target, o)
	require.NoError(t, err)
	var e capture.Exchange
	for i := range delivered {
		require.NoError(t, src.ReadExchange(t.Context(), &e))
		if i < processed {
			src.Processed(e.ID)
		}
		fmt.Println("delivered", e.ID)
	}
	<-t.Context().Done()
}

// checkKilledWorker needs an empty topic of several partitions.
func checkKilledWorker(t *testing.T, target kafka.Target) {
	all := recording(published, 50)
	publish(t, target.Config, all...)
	child, out := startWorker(t, target)
	given := make([]string, 0, delivered)
	for scan := bufio.NewScanner(out); len(given) < delivered && scan.Scan(); {
		if id, ok := strings.CutPrefix(scan.Text(), "delivered "); ok {
			given = append(given, id)
		}
	}
	require.Len(t, given, delivered)

	survivor := &worker{src: open(t, target, quick)}
	var e capture.Exchange
	require.NoError(t, survivor.src.ReadExchange(t.Context(), &e)) // it has its share
	survivor.ids = append(survivor.ids, e.ID)
	require.NoError(t, child.Process.Kill())
	_ = child.Wait() // it was killed
	survivor.run(t.Context())
	require.ErrorIs(t, survivor.err, io.EOF)

	survived := make(map[string]bool)
	for _, id := range survivor.ids {
		survived[id.String()] = true
	}
	assert.Len(t, survivor.ids, len(survived), "nothing comes twice to one worker")
	again := 0
	for i, id := range given {
		if survived[id] {
			again++
		} else {
			assert.Less(t, i, processed, "what was not processed is given again")
		}
		survived[id] = true
	}
	assert.Len(t, survived, published)
	assert.GreaterOrEqual(t, again, delivered-processed)
	done, total := survivor.src.Progress()
	assert.Equal(t, total, done)
	assert.EqualValues(t, len(survivor.ids), stage(t, survivor.src).Written)
}

func startWorker(t *testing.T, target kafka.Target) (*exec.Cmd, io.Reader) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAWorkerThatIsKilledIsReplaced$", "-test.timeout=2m")
	child.Env = append(os.Environ(), workerTarget+"="+target.String())
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	return child, out
}
