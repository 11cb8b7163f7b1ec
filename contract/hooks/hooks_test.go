package hooks

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/run"
)

var _ run.Hooks = (*Command)(nil)

// helper is the variable that makes the test binary a hook.
const helper = "TWINSPECT_TEST_HOOK"

func TestMain(m *testing.M) {
	if os.Getenv(helper) == "" {
		os.Exit(m.Run())
	}
	os.Exit(behave(os.Getenv(helper)))
}

// behave is a hook: it gathers as many events as it is told to, and answers them the
// last first.
func behave(how string) int {
	gather := 1
	_, _ = fmt.Sscanf(how, "gather %d", &gather)
	var held []uint64
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			return 9
		}
		switch e.Event {
		case "start":
			fmt.Println(`{"id":0,"version":1}`)
		case "end":
			fmt.Fprintln(os.Stderr, "cleaned up")
		default:
			held = append(held, e.ID)
		}
		if len(held) < gather {
			continue
		}
		for _, id := range slices.Backward(held) {
			fmt.Printf("{\"id\":%d,\"values\":{\"path id\":%d}}\n", id, id)
		}
		held = nil
	}
	return 0
}

func goHook(t *testing.T, how string) string {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	return helper + "='" + how + "' exec " + binary
}

// text is what a test reads while a command writes.
type text struct {
	mu sync.Mutex
	strings.Builder
}

func (s *text) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Builder.Write(b)
}

func (s *text) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Builder.String()
}

// started starts a command; timeout is for what comes after the start, 0 for the usual.
func started(t *testing.T, line string, timeout time.Duration) *Command {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the hooks of the tests are written for a POSIX shell")
	}
	c, err := Config{Line: line, Provider: "http://h", Document: contract.DocumentInfo{Path: "shop.yaml"}}.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	c.timeout = cmp.Or(timeout, c.timeout)
	return c
}

func aCase() *contract.Case {
	return &contract.Case{
		ID: "get/ordinary", Operation: "GET /products/{id}", Kind: contract.Positive, Rule: contract.RuleOrdinary, Why: "<&> why",
		Steps: []contract.Step{
			{Name: "create", Operation: "POST /products", Request: contract.Request{Body: &contract.Body{MediaType: "application/json", Value: map[string]any{"price": json.Number("1.50")}}}},
			{Name: "ask", Operation: "GET /products/{id}", Request: contract.Request{Path: map[string]any{"id": json.Number("5")}}},
		},
	}
}

func anObservation(body string, fields ...capture.Field) contract.Observation {
	o := contract.Observation{Step: 1, Latency: 1500 * time.Microsecond}
	o.Exchange.Request.Method, o.Exchange.Request.Target = "GET", "/products/5"
	o.Exchange.Response.Status, o.Exchange.Response.Header, o.Exchange.Response.Body = 200, fields, []byte(body)
	return o
}

// script returns an example of the documentation, by the line that leads to it.
func script(t *testing.T, after string) string {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(doc), "// "+after+"\n//\n")
	require.True(t, ok)
	var lines []string
	for line := range strings.Lines(rest) {
		code, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			break
		}
		lines = append(lines, code)
	}
	path := t.TempDir() + "/hook"
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600))
	return path
}

func TestTheExampleInPythonWorks(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 here")
	}
	c := started(t, "exec python3 "+script(t, "In Python:"), 0)
	change, err := c.Before(t.Context(), aCase())
	require.NoError(t, err)
	assert.Equal(t, run.Change{Values: map[contract.Place]any{"path id": json.Number("17")}}, change)
	broken, err := c.After(t.Context(), aCase(), []contract.Observation{anObservation("{}"), anObservation("{}", capture.Field{Name: "X-Debug", Value: "1"})})
	require.NoError(t, err)
	assert.Equal(t, []contract.Broken{{Check: "hook:no-debug", Step: 1, At: "header X-Debug", Cause: "header X-Debug", Message: "X-Debug is sent."}}, broken)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close(), "a second time does nothing")
	_, err = c.Before(t.Context(), aCase())
	require.ErrorContains(t, err, "hook: the command has ended: exit status 0")
}

func TestTheExampleInAShellWorksAndIsNotSentWhatItDoesNotWant(t *testing.T) {
	c := started(t, "exec sh "+script(t, "In a shell, with one header field for all:"), 0)
	for range 3 {
		change, err := c.Before(t.Context(), aCase())
		require.NoError(t, err)
		assert.Equal(t, run.Change{Header: capture.Header{{Name: "X-Tenant", Value: "test"}}}, change)
		broken, err := c.After(t.Context(), aCase(), nil)
		require.NoError(t, err)
		assert.Empty(t, broken)
	}
	assert.Equal(t, uint64(3), c.next.Load())
	require.NoError(t, c.Close())
}

func TestAnswersMayComeInAnyOrder(t *testing.T) {
	const together = 32
	c := started(t, goHook(t, fmt.Sprint("gather ", together)), 0)
	var wait sync.WaitGroup
	var mu sync.Mutex
	seen := map[any]bool{}
	for range together * 4 {
		wait.Go(func() {
			change, err := c.Before(t.Context(), aCase())
			if assert.NoError(t, err) {
				mu.Lock()
				defer mu.Unlock()
				seen[change.Values["path id"]] = true
			}
		})
	}
	wait.Wait()
	assert.Len(t, seen, together*4)
	require.NoError(t, c.Close())
	assert.Empty(t, c.pending)
}

func TestTheCommandIsToldOfTheEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the hooks of the tests are written for a POSIX shell")
	}
	var said text
	c, err := Config{Line: goHook(t, "x"), Stderr: &said}.Start(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Close())
	assert.Equal(t, "cleaned up\n", said.String())
}

const welcome = `read -r start; echo '{"id":0,"version":1}'; `

func TestADeadCommandGivesEachWaiterItsStatusAndItsLastWords(t *testing.T) {
	c := started(t, welcome+"read -r e; for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 3", 0)
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			_, err := c.Before(t.Context(), aCase())
			assert.EqualError(t, err, "hook: the command has ended: exit status 3; it said: line 3\nline 4\nline 5\nline 6\nline 7")
		})
	}
	wait.Wait()
	require.ErrorContains(t, c.Close(), "exit status 3")
}

func TestACommandThatDoesNotAnswerCostsATimeoutAndNoMore(t *testing.T) {
	for _, line := range []string{welcome + "cat >/dev/null", welcome + "exec sleep 60"} {
		c := started(t, line, 50*time.Millisecond)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				cs := aCase()
				cs.Why = strings.Repeat("x", 1<<20) // more than a pipe takes
				_, err := c.Before(t.Context(), cs)
				assert.EqualError(t, err, "hook: no answer within 50ms")
			})
		}
		wait.Wait()
		c.process.kill()
	}
}

func TestASlowCommandThatAnswersOneAfterTheOtherHasItsTimeForEach(t *testing.T) {
	c := started(t, welcome+`while read -r e; do sleep 0.2; id=${e#*'"id":'}; echo '{"id":'"${id%%,*}"'}'; done`, time.Second)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			_, err := c.Before(t.Context(), aCase())
			assert.NoError(t, err)
		})
	}
	wait.Wait()
}

func TestALostEventIsGivenUpThoughOthersAreAnswered(t *testing.T) {
	c := &Command{timeout: time.Second, heard: time.Now(), newest: maxPending + 1}
	assert.Positive(t, c.patience(1))
	c.newest++
	assert.Zero(t, c.patience(1))
}

func TestACanceledRunWaitsForNoAnswer(t *testing.T) {
	c := started(t, welcome+"cat >/dev/null", 0)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := c.After(ctx, aCase(), nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, c.Close())
}

func TestWhatIsNoAnswerEndsTheCommand(t *testing.T) {
	for line, want := range map[string]string{
		"echo debugging":             `it wrote a line that is no answer with an id (what is not for the run goes to standard error): "debugging"`,
		`echo '{"skip":"x"}'`:        "it wrote a line that is no answer with an id",
		`echo '{"id":7}'`:            "it answered an event that it was not sent: id 7",
		"head -c 17000000 /dev/zero": "it wrote a line of more than 16777216 bytes",
	} {
		c := started(t, welcome+"read -r e; "+line+"; exec sleep 60", 0)
		_, err := c.Before(t.Context(), aCase())
		require.ErrorContains(t, err, "hook: the command was ended: "+want, line)
		require.Error(t, c.Close())
	}
}

func TestAnAnswerThatCannotBeUnderstoodFailsItsCaseAlone(t *testing.T) {
	for answer, want := range map[string]string{
		`"error":"no database"`:        "no database",
		`"brokn":[]`:                   `unknown field "brokn"`,
		`"skip":1`:                     "cannot be read",
		`"values":{"id":1}`:            `"id" is no place of a request`,
		`"values":{"body x":1}`:        "is no place of a request",
		`"header":{"a b":"c"}`:         "no field of a header",
		`"header":{"a":"c\\r\\nd: e"}`: "no field of a header",
		`"broken":[]`:                  "an answer to before has skip",
	} {
		c := started(t, welcome+"read -r e; printf '%s\\n' '{\"id\":1,"+strings.ReplaceAll(answer, `\\`, `\`)+"}'; read -r e; echo '{\"id\":2,\"skip\":\"later\"}'", 0)
		_, err := c.Before(t.Context(), aCase())
		require.ErrorContains(t, err, want, answer)
		change, err := c.Before(t.Context(), aCase())
		require.NoError(t, err)
		assert.Equal(t, "later", change.Skip)
	}
}

func TestACommandThatDoesNotStartIsAnError(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the hooks of the tests are written for a POSIX shell")
	}
	for line, want := range map[string]string{
		"exec /nonexistent": "start hook: the command has ended: exit status 127; it said: ",
		"read -r e; echo '{\"id\":0,\"version\":2}'; cat":                        "start hook: the answer to start has version 2, not 1",
		"read -r e; echo '{\"id\":0,\"version\":1,\"events\":[\"befor\"]}'; cat": `there is no event "befor"; there are before and after`,
		"exec sleep 60": "start hook: no answer within 100ms",
	} {
		c := Config{Line: line}
		if strings.Contains(want, "100ms") {
			c.Timeout = 100 * time.Millisecond
		}
		_, err := c.Start(t.Context())
		require.ErrorContains(t, err, want)
	}
}

func TestACommandThatDoesNotEndIsKilledWithAllThatItStarted(t *testing.T) {
	c := started(t, `trap "" TERM; `+welcome+"sleep 60 & sleep 60", 0)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errSlowEnd)
	defer cancel()
	began := time.Now()
	require.ErrorIs(t, c.process.close(ctx), errSlowEnd)
	assert.Less(t, time.Since(began), 2*time.Second, "a child was waited for")
}

func TestEventsAreAsTheDocumentationSays(t *testing.T) {
	start := startEvent(&Config{Document: contract.DocumentInfo{Path: "shop.yaml", OpenAPI: "3.0.3", SHA256: "00"}, Provider: "http://h"})
	line, err := start.line()
	require.NoError(t, err)
	assert.JSONEq(t, `{"event":"start","id":0,"version":1,"document":{"path":"shop.yaml","openapi":"3.0.3","sha256":"00"},"provider":"http://h"}`, string(line))
	after := caseEvent("after", 2, aCase(), []contract.Observation{
		anObservation("<{}>", capture.Field{Name: "Content-Type", Value: "a/b"}, capture.Field{Name: "A", Value: "1"}, capture.Field{Name: "a", Value: "2"}),
		anObservation("\xff\x00"), anObservation(strings.Repeat("a", maxBody-1) + "é"), {Fault: "timeout", Err: "no answer"},
	})
	line, err = after.line()
	require.NoError(t, err)
	assert.Contains(t, string(line), `"why":"<&> why"`)
	assert.Equal(t, byte('\n'), line[len(line)-1])
	long := regexp.MustCompile("a{1000,}")
	assert.JSONEq(t, `{"event":"after","id":2,"case":{"id":"get/ordinary","operation":"GET /products/{id}","kind":"positive","rule":"ordinary","why":"<&> why","steps":[
		{"name":"create","operation":"POST /products","request":{"body":{"media_type":"application/json","value":{"price":1.50}}}},
		{"name":"ask","operation":"GET /products/{id}","request":{"path":{"id":5}}}]},"answers":[
		{"step":1,"page":0,"method":"GET","target":"/products/5","request":{},"status":200,"header":{"content-type":["a/b"],"a":["1","2"]},"body":"<{}>","latency_ms":1.5},
		{"step":1,"page":0,"method":"GET","target":"/products/5","request":{},"status":200,"body_base64":"/wA=","latency_ms":1.5},
		{"step":1,"page":0,"method":"GET","target":"/products/5","request":{},"status":200,"body":"aa","cut":true,"latency_ms":1.5},
		{"step":0,"page":0,"method":"","target":"","request":{},"fault":"timeout","error":"no answer","latency_ms":0}]}`, long.ReplaceAllString(string(line), "aa"))
	cs := aCase()
	cs.Why = strings.Repeat("x", maxLine)
	event := caseEvent("before", 1, cs, nil)
	_, err = event.line()
	require.ErrorContains(t, err, "longer than 16777216 bytes")
}

func TestWhatIsBrokenIsChecked(t *testing.T) {
	for answer, want := range map[string]string{
		`[{"message":"x"}]`:                                   "",
		`[{"message":"x","step":"ask"}]`:                      "",
		`[{"message":"x","step":1}]`:                          "",
		`[{"message":"x","step":2}]`:                          "the case has no step 2",
		`[{"message":"x","step":-1}]`:                         "the case has no step -1",
		`[{"message":"x","step":"other"}]`:                    "the case has no step other",
		`[{"check":"a b","message":"x"}]`:                     `"a b" is no name of a check`,
		`[{"check":"a"}]`:                                     "the check a is broken without a message",
		`[` + strings.Repeat(`{"message":"x"},`, 100) + `{}]`: "101 checks are broken by one case; 100 are taken",
	} {
		id, r, err := parse([]byte(`{"id":3,"broken":` + answer + `}`))
		require.NoError(t, err)
		require.NoError(t, r.failed())
		assert.Equal(t, uint64(3), id)
		broken, err := r.broken(aCase())
		if want != "" {
			assert.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, contract.Check("hook:check"), broken[0].Check)
		assert.Equal(t, strings.Contains(answer, "step"), broken[0].Step == 1)
	}
}

func BenchmarkBefore(b *testing.B) {
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c, err := Config{Line: helper + "=x exec " + binary}.Start(b.Context())
	if err != nil {
		b.Skip(err)
	}
	cs := aCase()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Before(b.Context(), cs); err != nil {
				b.Error(err)
			}
		}
	})
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"id":0,"version":1,"events":["before"]}`, `{"id":1,"skip":"x"}`, `{"id":1,"header":{"A":"b","C":["d"]},"values":{"path id":17,"body":{"a":[1]}}}`,
		`{"id":1,"broken":[{"check":"a","step":"ask","at":"body /a","message":"m","cause":"c"}]}`, `{"id":1}{"id":2}`, `{"id":-1}`, `{"id":1,"error":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	cs := aCase()
	f.Fuzz(func(t *testing.T, line []byte) {
		_, r, err := parse(line)
		if err != nil || r.failed() != nil {
			return
		}
		if change, err := r.change(); err == nil {
			for _, field := range change.Header {
				assert.NotContains(t, field.Value, "\n")
			}
		}
		broken, err := r.broken(cs)
		for _, b := range broken {
			assert.True(t, err != nil || b.Step < len(cs.Steps) && b.Message != "")
		}
	})
}
