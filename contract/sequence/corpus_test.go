package sequence

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// bare makes requests without values but for the path's: enough to plan by.
func bare(op *openapi.Operation) (contract.Request, bool) {
	var r contract.Request
	for _, p := range op.Parameters {
		if p.In == "path" {
			r = set(r, contract.At("path", p.Name), "1")
		}
	}
	return r, true
}

func TestPlansEveryDocumentOfKinOpenAPI(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	if err != nil {
		t.Skip("the module's folder is not known")
	}
	planned := 0
	err = filepath.WalkDir(strings.TrimSpace(string(out)), func(path string, _ os.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || ext != ".yml" && ext != ".yaml" && ext != ".json" {
			return err
		}
		doc, err := openapi.Load(path)
		if err != nil {
			return nil
		}
		p := &Planner{Document: doc, Ordinary: bare}
		p.Setups()
		p.Cases()
		planned++
		return nil
	})
	require.NoError(t, err)
	assert.Positive(t, planned)
	t.Logf("%d documents", planned)
}

func TestPlansAGreatDocument(t *testing.T) {
	corpora := cmp.Or(os.Getenv("TWINSPECT_CORPORA"), "../../../shared/corpora")
	path := filepath.Join(corpora, "openapi", "api.github.com.json")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no document at %s", path)
	}
	doc, err := openapi.Load(path)
	require.NoError(t, err)
	start := time.Now()
	p := &Planner{Document: doc, Ordinary: bare}
	setups := p.Setups()
	cases, gaps := p.Cases()
	t.Logf("%d operations: %d setups, %d cases, %d gaps in %v", len(doc.Operations), len(setups), len(cases), len(gaps), time.Since(start))
	assert.Greater(t, len(setups), 900)
}
