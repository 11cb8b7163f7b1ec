package wire

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/packet"
)

// message is one HTTP message, of ours or of a truth.
type message struct {
	Proto  string `json:"proto"`
	Kind   string `json:"kind"`
	Conn   int    `json:"stream"`
	ID     int    `json:"sid"`
	Src    string `json:"src"`
	Method string `json:"method"`
	Target string `json:"target"`
	Status int    `json:"status"`
	Length *int64 `json:"body_len"`
	SHA256 string `json:"body_sha256"`
	// Whole is what the second parser says, nil in the first truth.
	Whole *bool `json:"complete"`
	// size is our BodySize: the length with what is missing.
	size int64
}

func (m message) String() string {
	head := fmt.Sprintf("%s %s %d", m.Kind, m.Src, m.Status)
	if m.Kind == "request" {
		head = fmt.Sprintf("%s %s %s %.60q", m.Kind, m.Src, m.Method, m.Target)
	}
	if m.Length == nil {
		return head
	}
	return fmt.Sprintf("%s %d %.8s", head, *m.Length, m.SHA256)
}

// corpus returns the folder of the captures, or skips where there is none.
func corpus(t testing.TB) string {
	root := os.Getenv("TWINSPECT_CORPORA")
	if root == "" {
		root = "../../../shared/corpora"
	}
	dir := filepath.Join(root, "http-captures")
	if _, err := os.Stat(filepath.Join(dir, "index.tsv")); err != nil {
		t.Skipf("no captures: set TWINSPECT_CORPORA to the folder that holds http-captures (%v)", err)
	}
	return dir
}

// entry is one line of the index.
type entry struct{ file, class, trust, pairs, frames string }

func index(t testing.TB, dir string) []entry {
	text, err := os.ReadFile(filepath.Join(dir, "index.tsv"))
	require.NoError(t, err)
	var entries []entry
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		column := strings.Split(line, "\t")
		if i == 0 {
			require.Equal(t, "tshark_trust", column[16])
			continue
		}
		entries = append(entries, entry{file: column[0], class: column[5], trust: column[16], pairs: column[10], frames: column[14]})
	}
	require.Greater(t, len(entries), 150)
	return entries
}

// truth reads the messages of a truth file. Those of HTTP/2 have their bodies
// in lines of their own.
func truth(t testing.TB, path string) []message {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	defer f.Close()
	var messages []message
	bodies := make(map[stream]message)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var m message
		require.NoError(t, json.Unmarshal(lines.Bytes(), &m))
		switch {
		case m.Proto == "h2" && m.Kind == "data":
			bodies[m.stream()] = m
		case m.Kind == "request" || m.Kind == "response" || m.Kind == "interim" || m.Kind == "trailers":
			messages = append(messages, m)
		}
	}
	require.NoError(t, lines.Err())
	for i := range messages {
		m := &messages[i]
		if body, ok := bodies[m.stream()]; ok && m.Proto == "h2" && m.Kind != "trailers" {
			m.Length, m.SHA256 = body.Length, body.SHA256
		}
	}
	return messages
}

// stream names a direction of a stream of HTTP/2.
type stream struct {
	conn, id int
	src      string
}

func (m message) stream() stream { return stream{m.Conn, m.ID, m.Src} }

// recording is what a source gave for a capture.
type recording struct {
	exchanges []*capture.Exchange
	account   capture.Account
	openErr   error
	damaged   []*capture.RecordError
}

// record reads a capture file to its end.
func record(t testing.TB, path string) (r recording) {
	f, err := packet.Open(path)
	if err != nil {
		return recording{openErr: err}
	}
	defer f.Close()
	s := New(Config{Agent: "test"}, f)
	var e capture.Exchange
	for {
		err := s.ReadExchange(context.Background(), &e)
		var bad *capture.RecordError
		switch {
		case errors.As(err, &bad):
			r.damaged = append(r.damaged, bad)
			continue
		case errors.Is(err, io.EOF):
			r.account = s.Account()
			return r
		}
		require.NoError(t, err)
		r.exchanges = append(r.exchanges, e.Clone())
	}
}

// messages lists the halves of exchanges as a truth does: a 101 that agrees to
// h2c is a response there, and an interim answer to the request here.
func messages(exchanges []*capture.Exchange) (all []message) {
	for _, e := range exchanges {
		if e.Request.Incomplete != capture.Unseen {
			m := message{Kind: "request", Src: e.Context.Client, Method: e.Request.Method, Target: e.Request.Target}
			all = append(all, m.withBody(&e.Request.Message))
		}
		for _, i := range e.Response.Interim {
			m := message{Kind: "interim", Src: e.Context.Server, Status: i.Status}
			if i.Status == 101 {
				m.Kind = "response"
				m = m.withBody(&capture.Message{})
			}
			all = append(all, m)
		}
		if e.Response.Incomplete != capture.Unseen {
			m := message{Kind: "response", Src: e.Context.Server, Status: e.Response.Status}
			all = append(all, m.withBody(&e.Response.Message))
		}
		if e.Response.Proto == "HTTP/2.0" && len(e.Response.Trailer) > 0 {
			all = append(all, message{Kind: "trailers", Src: e.Context.Server})
		}
	}
	return all
}

func (m message) withBody(b *capture.Message) message {
	n := int64(len(b.Body))
	sum := sha256.Sum256(b.Body)
	whole := b.Incomplete == ""
	m.Length, m.SHA256, m.Whole, m.size = &n, hex.EncodeToString(sum[:]), &whole, b.BodySize
	return m
}

// normal gives both truths and ours one form: the kind of 1xx answers, and
// addresses without brackets.
func normal(ms []message) []message {
	for i := range ms {
		m := &ms[i]
		m.Src = strings.NewReplacer("[", "", "]", "").Replace(m.Src)
		if m.Kind == "response" && m.Status >= 100 && m.Status < 200 && m.Status != 101 {
			m.Kind = "interim"
		}
		if m.Kind == "interim" {
			m.Length = nil
		}
	}
	return ms
}

// compare lists what one side has and the other has not, as a multiset, bodies
// included where both know them.
func compare(ours, theirs []message) (differences []string) {
	taken := make([]bool, len(ours))
	for _, want := range theirs {
		if i := find(ours, taken, want); i >= 0 {
			taken[i] = true
			continue
		}
		differences = append(differences, "- "+want.String())
	}
	for i, m := range ours {
		if !taken[i] {
			differences = append(differences, "+ "+m.String())
		}
	}
	return differences
}

// sameBody compares the bodies, or their lengths where the truth has no hash:
// it has none where a part of the body is missing, and counts that part.
func (m message) sameBody(ours message) bool {
	if m.SHA256 == "" {
		return *m.Length == *ours.Length || *m.Length == ours.size
	}
	return *m.Length == *ours.Length && m.SHA256 == ours.SHA256
}

func find(ours []message, taken []bool, want message) int {
	for i, m := range ours {
		if taken[i] || m.Kind != want.Kind || m.Src != want.Src || m.Method != want.Method ||
			m.Target != want.Target || m.Status != want.Status {
			continue
		}
		if want.Length == nil || m.Length == nil || want.sameBody(m) {
			return i
		}
	}
	return -1
}

// pairs counts the exchanges by HTTP/1.x of which both halves were seen.
func pairs(exchanges []*capture.Exchange) (n int) {
	for _, e := range exchanges {
		if e.Request.Incomplete != capture.Unseen && e.Response.Incomplete != capture.Unseen && e.Request.Proto != "HTTP/2.0" {
			n++
		}
	}
	return n
}

// socketFrames counts the whole frames of WebSocket.
func socketFrames(account capture.Account) (n uint64) {
	for _, stage := range account {
		if stage.Name == "websocket" {
			n = stage.Skipped()
		}
	}
	return n
}

// TestCorpusAgreesWithItsTruth compares every capture with what two other
// parsers say of it. Each disagreement must stand in the table.
func TestCorpusAgreesWithItsTruth(t *testing.T) {
	dir := corpus(t)
	used := make(map[string]bool)
	for _, entry := range index(t, dir) {
		t.Run(entry.file, func(t *testing.T) {
			got := record(t, filepath.Join(dir, entry.file))
			require.NoError(t, got.account.Balance())
			for _, stage := range got.account {
				assert.Zero(t, stage.Open, "stage %s has nothing open at the end", stage.Name)
			}
			ours := normal(messages(got.exchanges))
			for _, parser := range []string{"", ".second"} {
				key := entry.file + parser
				theirs := normal(truth(t, filepath.Join(dir, "truth", entry.file+parser+".jsonl")))
				differences := compare(ours, theirs)
				want, listed := disagreements[key]
				used[key] = listed
				assert.Equal(t, want.differences, differences, "%s: %s", key, want.reason)
			}
			if entry.trust == "yes" {
				assert.Equal(t, entry.pairs, strconv.Itoa(pairs(got.exchanges)), "responses with their requests")
			}
			if entry.class == "ws" {
				assert.Equal(t, entry.frames, strconv.FormatUint(socketFrames(got.account), 10), "frames of WebSocket")
			}
		})
	}
	for key := range disagreements {
		assert.True(t, used[key], "the table names %s, which is no capture of the corpus", key)
	}
}
