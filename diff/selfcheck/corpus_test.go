package selfcheck_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/wire"
	"twinspect.dev/diff/compare"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/project"
	"twinspect.dev/diff/selfcheck"
	"twinspect.dev/replay"
)

// captures returns the files of the corpus, or skips where there is none.
func captures(t testing.TB) []string {
	root := os.Getenv("TWINSPECT_CORPORA")
	if root == "" {
		root = "../../../shared/corpora"
	}
	files, err := filepath.Glob(filepath.Join(root, "http-captures", "*.pcap*"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no captures: set TWINSPECT_CORPORA to the folder that holds http-captures")
	}
	return files
}

// answersIn calls do with the whole answers of a capture.
func answersIn(path string, do func(*capture.Response)) {
	f, err := packet.Open(path)
	if err != nil {
		return // damaged on purpose
	}
	defer f.Close()
	source := wire.New(wire.Config{}, f)
	for {
		var e capture.Exchange
		err := source.ReadExchange(context.Background(), &e)
		switch {
		case errors.As(err, new(*capture.RecordError)):
		case errors.Is(err, io.EOF), err != nil:
			return
		case e.Response.Status >= 200 && e.Response.Incomplete == "":
			do(&e.Response)
		}
	}
}

// recorded returns answers of the corpus, without codings and short enough that
// some hundred runs of them can be judged: at most so many of each format.
func recorded(t testing.TB, perFormat int) (list []*capture.Response) {
	decoder, seen, formats := coding.Decoder{Limit: 1 << 20}, map[string]bool{}, map[string]int{}
	for _, path := range captures(t) {
		answersIn(path, func(r *capture.Response) {
			body, err := decoder.Decode(nil, r.Body, coding.Of(r.Header))
			format := formatOf(r, body)
			if err != nil || len(body) > 6<<10 || seen[string(body)] || formats[format] == perFormat {
				return
			}
			seen[string(body)] = true
			formats[format]++
			c := &capture.Response{Status: r.Status, Message: capture.Message{Header: r.Header.Without("Content-Encoding").Without("Date"), Body: bytes.Clone(body)}}
			list = append(list, c)
		})
	}
	t.Logf("%d answers: %v", len(list), formats)
	return list
}

func formatOf(r *capture.Response, body []byte) string {
	kind := project.KindOf(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		return "empty"
	case kind != project.None:
		return kind.String()
	case bytes.HasPrefix(body, []byte("{")) || bytes.HasPrefix(body, []byte("[")):
		return "JSON"
	case compare.IsText(body):
		return "text"
	}
	return "bytes"
}

// noisy returns a recorded answer with what changes by itself: its date, which of
// two servers gave it, and a time in the body where it is HTML or JSON.
func noisy(r *capture.Response, side int, rng *rand.Rand) capture.Response {
	at := start.Add(time.Duration(side)*time.Second + time.Duration(rng.IntN(1e6))*time.Second)
	c := *r
	c.Header = append(c.Header[:len(c.Header):len(c.Header)],
		capture.Field{Name: "Date", Value: at.Format(time.RFC1123)},
		capture.Field{Name: "X-Served-By", Value: string("ab"[rng.IntN(2)])})
	stamp := at.Format(time.RFC3339)
	c.Body = bytes.Replace(c.Body, []byte("<head>"), []byte(`<head><meta name="generated" content="`+stamp+`">`), 1)
	if object, is := bytes.CutPrefix(c.Body, []byte(`{"`)); is {
		c.Body = append([]byte(`{"generatedAt":"`+stamp+`","`), object...)
	}
	c.Start, c.End = start, start
	return c
}

// replayed is outcomes of recorded answers, each of an operation of its own and
// asked 4 to 24 times, so that some are too few to prove anything.
func replayed(list []*capture.Response) (outcomes []*replay.Outcome) {
	rng := rand.New(rand.NewPCG(1, 2))
	for k, r := range list {
		for i := range 4 + 4*(k%6) {
			target := fmt.Sprintf("/recorded-%d", k)
			o := &replay.Outcome{Recorded: capture.Exchange{ID: capture.NewID("test", target, start, uint64(i))}}
			o.Recorded.Request = capture.Request{Method: "GET", Target: target, Proto: "HTTP/1.1"}
			for side, name := range []replay.Side{replay.Base, replay.Control, replay.Branch} {
				o.Answers = append(o.Answers, replay.Answer{Side: name, Request: o.Recorded.Request, Response: noisy(r, side, rng)})
			}
			outcomes = append(outcomes, o)
		}
	}
	return outcomes
}

// TestTheSelfCheckPredictsWhatChangesOfRealAnswersShow holds 500 random changes of
// recorded answers against whole runs, each of which has the change in all of
// branch's answers to the operation.
func TestTheSelfCheckPredictsWhatChangesOfRealAnswersShow(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("judges some 400 runs")
	}
	outcomes := replayed(recorded(t, 8))
	checker, judged := predicted(t, outcomes)
	s, told := newStage(t, outcomes), checker.Foretell(judged)
	var truth, prediction [3]int
	const draws = 500
	agreed := 0
	known := map[int]noise.Outlook{}
	for _, i := range drawn(told, draws, rand.New(rand.NewPCG(3, 4))) {
		f := &told[i]
		if _, again := known[i]; !again {
			known[i] = s.found(t, f.Operation, f.Way)
		}
		truth[known[i]]++
		prediction[f.Outlook]++
		if known[i] == f.Outlook {
			agreed++
		} else {
			t.Logf("%s %s at %s: %s, predicted %s", f.Operation, f.Mutation, f.Place, known[i], f.Outlook)
		}
	}
	t.Logf("missed, suspected, found: truth %v, predicted %v of %d changes, %d alike, held against %d runs", truth, prediction, draws, agreed, len(known))
	for outlook := range truth {
		assert.InDelta(t, truth[outlook], prediction[outlook], 0.03*draws, noise.Outlook(outlook))
	}
	assert.GreaterOrEqual(t, agreed, draws*95/100)
}

// drawn returns n of the list, each trial as likely as the other.
func drawn(list []selfcheck.Foretold, n int, rng *rand.Rand) (chosen []int) {
	var all []int
	for i := range list {
		for range list[i].Trials {
			all = append(all, i)
		}
	}
	for range n {
		chosen = append(chosen, all[rng.IntN(len(all))])
	}
	return chosen
}
