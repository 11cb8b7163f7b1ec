package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hooksScript gives each case a tenant, reads an id that the user made, leaves one
// rule out and has a check of its own.
const hooksScript = `import json, sys
for line in sys.stdin:
    event = json.loads(line)
    answer = {"id": event.get("id")}
    if event["event"] == "start":
        answer |= {"version": 1, "events": ["before", "after"]}
    elif event["event"] == "before":
        case = event["case"]
        answer["header"] = {"X-Tenant": "north"}
        if case["operation"] == "GET /things/{id}" and case["kind"] == "positive":
            answer["values"] = {"path id": 4711}
        if case["rule"] == "pairwise":
            answer["skip"] = "pairs are tried elsewhere"
        if case["rule"] == "oversized":
            answer = {"id": event["id"], "skip": "nothing long here"}
    elif event["event"] == "after":
        answer["broken"] = [
            {"check": "no-debug", "step": a["step"], "at": "header X-Debug", "message": "X-Debug is sent."}
            for a in event["answers"] if "x-debug" in a.get("header", {})]
    elif event["event"] == "end":
        print("bye", file=sys.stderr)
        break
    print(json.dumps(answer), flush=True)
`

func TestHooksGiveValuesLeaveCasesOutAndCheck(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	script := filepath.Join(t.TempDir(), "hooks.py")
	require.NoError(t, os.WriteFile(script, []byte(hooksScript), 0o600))
	var mu sync.Mutex
	tenants, read := map[string]int{}, 0
	url := newThings(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/" {
			return false
		}
		mu.Lock()
		tenants[r.Header.Get("X-Tenant")]++
		mu.Unlock()
		if r.URL.Path == "/things/4711" && r.Method == http.MethodGet {
			mu.Lock()
			read++
			mu.Unlock()
			answerJSON(w, http.StatusOK, map[string]any{"id": 4711, "name": "ours"})
			return true
		}
		if r.Method == http.MethodGet && r.URL.Path == "/things" {
			w.Header().Set("X-Debug", "yes")
		}
		return false
	})
	e, r := contractRun(t, 1, writeDocument(t, "openapi.yaml", thingsDocument), url, "--hooks", "python3 "+script, "--parallel", "2")
	assert.Equal(t, "X-Debug is sent.", causes(e)["hook:no-debug GET /things"])
	assert.Positive(t, notRun(e)["skipped"])
	assert.Contains(t, r.stderr, "bye", "what it says to people is shown")
	mu.Lock()
	defer mu.Unlock()
	assert.Positive(t, read)
	assert.Greater(t, tenants["north"], tenants[""], "%v: only setups, which are no cases, may go without", tenants)
}

func TestAHookThatDiesIsNoPass(t *testing.T) {
	url := newThings(t, nil)
	hook := `read -r start; echo '{"id":0,"version":1,"events":["before"]}'; read -r first; exit 3`
	e, _ := contractRun(t, 3, writeDocument(t, "openapi.yaml", thingsDocument), url, "--hooks", hook)
	assert.Equal(t, made(e), notRun(e)["hook"])
	assert.Contains(t, strings.Join(e.Reasons, "\n"), "exit status 3")
}
