//go:build e2e

package dashboard_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"bytes"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/fixtures/stand/kube/buildcache"
)

// The checker of accessibility, as its publisher names it.
const (
	axeVersion = "4.14.1"
	axeSum     = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
	// maxAxe bounds the package, which has 3 MB.
	maxAxe = 32 << 20
)

// axe returns the checker's script.
func axe(t *testing.T) string {
	t.Helper()
	dir, err := buildcache.Once(t.Context(), "axe-core-"+axeVersion, fetchAxe)
	if err != nil {
		t.Skipf("no axe-core: %v", err)
	}
	script, err := os.ReadFile(filepath.Join(dir, "axe.min.js"))
	require.NoError(t, err)
	return string(script)
}

func fetchAxe(ctx context.Context, dir string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://registry.npmjs.org/axe-core/-/axe-core-"+axeVersion+".tgz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAxe))
	if err != nil {
		return err
	}
	if sum := sha512.Sum512(data); answer.StatusCode != http.StatusOK || base64.StdEncoding.EncodeToString(sum[:]) != axeSum {
		return fmt.Errorf("axe-core %s: status %d and another sum than is known", axeVersion, answer.StatusCode)
	}
	return unpackAxe(data, filepath.Join(dir, "axe.min.js"))
}

func unpackAxe(data []byte, path string) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if err != nil {
			return errors.Join(errors.New("the package has no axe.min.js"), err)
		}
		if header.Name != "package/axe.min.js" {
			continue
		}
		script, err := io.ReadAll(io.LimitReader(files, maxAxe))
		if err != nil {
			return err
		}
		return os.WriteFile(path, script, 0o600)
	}
}

// judged is a rule that a page breaks.
type judged struct {
	ID    string
	Help  string
	Nodes []string
}

const judge = `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}})
	.then((r) => r.violations.map((v) => ({ID: v.id, Help: v.help, Nodes: v.nodes.slice(0, 4).map((n) => n.html.slice(0, 200) + " " + n.failureSummary)})))`

func TestPagesBreakNoRuleOfAccessibility(t *testing.T) {
	script := axe(t)
	s := filled(t)
	server := s.serve()
	for _, width := range []int64{390, 1280} {
		p := newTab(t, width)
		for name, path := range s.addresses() {
			p.open(server + path)
			evaluate[any](p, `document.querySelectorAll("details").forEach((d) => { d.open = true })`)
			evaluate[any](p, script+"; null")
			for _, theme := range []string{"light", "dark"} {
				p.theme(theme)
				found, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]judged](judge, chromedp.EvalAwaitPromise))
				require.NoError(t, err)
				assert.Empty(t, found, "%s, %s, %d", name, theme, width)
			}
		}
		require.NoError(t, chromedp.Cancel(p.ctx))
		<-p.drained
	}
}
