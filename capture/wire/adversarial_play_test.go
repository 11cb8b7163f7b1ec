package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/tcpstream"
)

// attack is a hostile capture. What must come of it stands in want, or else in
// testdata/adversarial, in the file of the test and under the attack's name.
type attack struct {
	name   string
	cfg    Config
	header []byte // of the file; nil means pcapHeader
	script func(w *tap)
	want   *outcome
	// scaled says that volume changes the numbers: those of the outcome are
	// compared by their presence alone.
	scaled bool
	// live is how many bytes may be held by design beside slack, and why says
	// how it comes about.
	live uint64
	why  string
	// open names a defect that is known and not mended: where the outcome is
	// not yet what it must be, the test is skipped with it.
	open string
}

// slack is what a reading holds whatever it reads: the window on the file (twice
// the longest block, 1 MiB), the buffers of records in the parser's pool, a
// segment of the script, and what tests before left to be swept.
const slack = 4 << 20

// outcome is what came of a capture, as text.
type outcome struct {
	// exchanges has a line for each, as tell writes it, up to maxLines.
	exchanges []string
	// lost is everything that the account says was dropped, by stage and reason,
	// but for messages: those are told with their exchanges.
	lost string
	// left is what was filtered, without segments that carry nothing, and the
	// events of the streams.
	left string
}

const maxLines = 6

// measured is what a reading took.
type measured struct {
	exchanges  uint64
	live, heap uint64 // bytes at most: reachable, and allocated
	bytes      int64
	took       time.Duration
}

// meter looks at the heap while a capture is read.
type meter struct {
	base, live, heap uint64
	looks            int
}

func newMeter() *meter {
	runtime.GC()
	return &meter{base: heap()}
}

// look is called for every MiB. At first, and then every eighth time, it
// collects, so that what is left is reachable: what the heap holds besides is the collector's
// choice, which is to double, and to double again while it marks.
func (m *meter) look() {
	m.heap = max(m.heap, heap()-min(m.base, heap()))
	if m.looks++; m.looks <= 8 || m.looks%8 == 0 {
		m.settle()
	}
}

func (m *meter) settle() {
	runtime.GC()
	m.live = max(m.live, heap()-min(m.base, heap()))
}

func (a *attack) play(t *testing.T) (o outcome, n measured) {
	m := newMeter()
	header := a.header
	if header == nil {
		header = pcapHeader
	}
	in := writtenBy(header, a.script, m.look)
	defer in.stop()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a guard against hanging alone
	defer cancel()
	f, err := packet.NewFile("attack", in)
	require.NoError(t, err)
	defer f.Close()
	s := New(a.cfg, f)
	var e capture.Exchange
	for {
		err := s.ReadExchange(ctx, &e)
		var bad *capture.RecordError
		if errors.As(err, &bad) {
			continue // counted: it stands in what was lost
		}
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if n.exchanges++; n.exchanges <= maxLines {
			o.exchanges = append(o.exchanges, tell(&e))
		}
		if n.exchanges%4096 == 0 {
			require.NoError(t, s.Account().Balance())
		}
	}
	if more := n.exchanges - uint64(len(o.exchanges)); more > 0 {
		o.exchanges = append(o.exchanges, fmt.Sprintf("and %d more", more))
	}
	m.look()
	m.settle()
	account := s.Account()
	require.NoError(t, account.Balance())
	for _, stage := range account {
		require.Zero(t, stage.Open, "stage %s has nothing open at the end", stage.Name)
	}
	o.lost = dropReasons(account)
	o.left = strings.Join(append(filterReasons(account), events(s.Events())...), ", ")
	n.live, n.heap, n.bytes, n.took = m.live, m.heap, in.bytes, time.Since(began)
	return o, n
}

func dropReasons(account capture.Account) string {
	return strings.Join(reasons(account, func(s *capture.Stage) map[capture.Reason]uint64 {
		if s.Name == "messages" {
			return nil
		}
		return s.Dropped
	}), ", ")
}

func filterReasons(account capture.Account) []string {
	return reasons(account, func(s *capture.Stage) map[capture.Reason]uint64 {
		delete(s.Filtered, tcpstream.NoPayload)
		return s.Filtered
	})
}

func events(e tcpstream.Events) (all []string) {
	for _, count := range []struct {
		name string
		n    uint64
	}{{"conflicts", e.Conflicts}, {"gaps", e.Gaps}, {"evicted", e.Evicted}, {"idle", e.Idle}, {"forced", e.Forced}} {
		if count.n > 0 {
			all = append(all, fmt.Sprintf("%s %d", count.name, count.n))
		}
	}
	return all
}

func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// tell writes an exchange in a line: "POST /a 5 gap > 200 2".
func tell(e *capture.Exchange) string {
	q, r := "unseen", "unseen"
	if e.Request.Incomplete != capture.Unseen {
		q = fmt.Sprintf("%s %.20s %s", e.Request.Method, e.Request.Target, tellBody(&e.Request.Message))
	}
	if e.Response.Incomplete != capture.Unseen {
		r = fmt.Sprintf("%d %s", e.Response.Status, tellBody(&e.Response.Message))
	}
	return q + " > " + r
}

func tellBody(m *capture.Message) string {
	text := fmt.Sprint(len(m.Body))
	if m.BodySize != int64(len(m.Body)) {
		text += fmt.Sprintf("/%d", m.BodySize)
	}
	if m.Incomplete != "" {
		text += " " + string(m.Incomplete)
	}
	return text
}

// reasons lists counts by stage and reason.
func reasons(account capture.Account, of func(*capture.Stage) map[capture.Reason]uint64) []string {
	var all []string
	for i := range account {
		m := of(&account[i])
		for _, why := range slices.Sorted(maps.Keys(m)) {
			if m[why] > 0 {
				all = append(all, fmt.Sprintf("%s/%s %d", account[i].Name, why, m[why]))
			}
		}
	}
	return all
}

var numbers = regexp.MustCompile(`[0-9]{5,}| [0-9]+( more|,|$)`)

// blurred hides the numbers that the volume changes.
func (o outcome) blurred() outcome {
	blur := func(text string) string { return numbers.ReplaceAllString(text, " #$1") }
	lines := make([]string, len(o.exchanges))
	for i, line := range o.exchanges {
		lines[i] = blur(line)
	}
	return outcome{lines, blur(o.lost), blur(o.left)}
}

func (o outcome) String() string {
	return fmt.Sprintf("%s\nlost %s\nleft %s\n", strings.Join(o.exchanges, "\n"), o.lost, o.left)
}

// check plays the attack and compares, with what the table has under its name
// unless the attack itself says what must come of it.
func (a *attack) check(t *testing.T, table expectations) {
	got, n := a.play(t)
	t.Logf("%.1f MiB read in %v, %d exchanges, held %.1f MiB, heap %.1f MiB", float64(n.bytes)/mib,
		n.took.Round(time.Millisecond), n.exchanges, float64(n.live)/mib, float64(n.heap)/mib)
	if a.scaled {
		got = got.blurred()
	}
	want := table.of(a, got)
	tooMuch := n.live > a.live+slack || n.heap > 4*(a.live+2*slack)
	if a.open != "" && (tooMuch || want != got.String()) {
		t.Skipf("known: %s\nheld %.1f MiB of %.1f\n%s", a.open, float64(n.live)/mib, float64(a.live+slack)/mib, cmp.Diff(want, got.String()))
	}
	assert.Equal(t, want, got.String())
	assert.LessOrEqual(t, n.live, a.live+slack, "memory held: %s", a.why)
	assert.LessOrEqual(t, n.heap, 4*(a.live+2*slack), "heap")
}

// expectations are the outcomes of the attacks of one test, by name.
type expectations struct {
	file string
	text map[string]string
}

// update writes the outcomes anew: TWINSPECT_UPDATE=1. Each change is to be
// read, for it changes what is promised.
func update() bool { return os.Getenv("TWINSPECT_UPDATE") != "" }

func readExpectations(t *testing.T) expectations {
	name := strings.ToLower(strings.TrimPrefix(t.Name(), "TestAdversarial"))
	x := expectations{filepath.Join("testdata", "adversarial", name+".txt"), map[string]string{}}
	if update() {
		return x
	}
	text, err := os.ReadFile(x.file)
	require.NoError(t, err)
	for part := range strings.SplitSeq(strings.TrimPrefix(string(text), "# "), "\n# ") {
		name, outcome, _ := strings.Cut(part, "\n")
		x.text[name] = strings.TrimSuffix(outcome, "\n") + "\n"
	}
	return x
}

func (x expectations) of(a *attack, got outcome) string {
	switch {
	case a.want != nil:
		return a.want.String()
	case update():
		x.text[a.name] = got.String()
	}
	return x.text[a.name]
}

func checkAll(t *testing.T, attacks []attack) {
	x := readExpectations(t)
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) { a.check(t, x) })
	}
	if !update() {
		return
	}
	var b strings.Builder
	for _, a := range attacks {
		if text, ok := x.text[a.name]; ok {
			fmt.Fprintf(&b, "# %s\n%s", a.name, text)
		}
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(x.file), 0o755))
	require.NoError(t, os.WriteFile(x.file, []byte(b.String()), 0o644))
}
