package layers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "twinspect.dev/"

// rule says what the packages of one folder may import of this module. An
// entry that ends in "/" stands for everything below it.
type rule struct {
	folder string
	own    []string
	// std means that no package outside the standard library is imported.
	std bool
}

// The first rule whose folder holds the package decides. A package may always
// import what is in its own folder's row.
var rules = []rule{
	{folder: "capture", std: true},
	{folder: "capture/reflection", own: []string{"capture", "capture/coding", "capture/grpcmsg"}},
	{folder: "capture/wire", own: []string{"capture", "capture/packet", "capture/tcpstream", "capture/tlswire", "capture/httpwire"}},
	{folder: "capture/tcpstream", own: []string{"capture"}, std: true},
	{folder: "capture/tlswire", own: []string{"capture"}},
	{folder: "capture/httpwire", own: []string{"capture", "capture/httpwire/internal/"}},
	{folder: "capture/httpwire/internal/", own: []string{"capture"}},
	{folder: "capture/operation", own: []string{"capture"}, std: true},
	{folder: "capture/archive", own: []string{"capture", "capture/archive/twinpb", "capture/internal/"}},
	{folder: "capture/kafka", own: []string{"capture", "capture/archive/twinpb"}},
	{folder: "capture/spool", own: []string{"capture", "capture/archive"}},
	{folder: "capture/har", own: []string{"capture", "capture/coding", "capture/internal/"}},
	{folder: "capture/redact", own: []string{"capture", "capture/coding", "capture/jsonquery", "capture/rulefile"}},
	{folder: "capture/rulefile"},
	{folder: "capture/jsonquery"},
	{folder: "capture/", own: []string{"capture"}},
	{folder: "replay/rewrite", own: []string{"capture", "capture/coding", "capture/jsonquery", "capture/rulefile", "replay", "replay/token"}},
	{folder: "replay/token", own: []string{"replay/shell"}},
	{folder: "replay/correlate", own: []string{"capture", "capture/coding", "capture/rulefile", "replay"}},
	{folder: "replay/", own: []string{"capture", "replay"}},
	{folder: "replay", own: []string{"capture"}},
	{folder: "diff", own: []string{"capture", "replay"}, std: true},
	{folder: "diff/calls", own: []string{"capture", "capture/trace", "replay", "diff", "diff/"}},
	{folder: "diff/run", own: []string{"capture", "replay", "diff/", "diff"}},
	{folder: "diff/shard", own: []string{"capture", "capture/", "replay", "diff", "diff/"}},
	{folder: "diff/shard/store", own: []string{"capture", "capture/kafka"}},
	{folder: "diff/compare", own: []string{"capture", "capture/coding", "diff", "diff/"}},
	{folder: "diff/project", own: []string{"capture", "capture/coding", "capture/grpcmsg"}},
	{folder: "diff/project/", own: []string{"capture", "capture/coding", "capture/grpcmsg", "diff/project"}},
	{folder: "diff/locate", own: []string{"capture/trace", "diff"}},
	{folder: "diff/triage", own: []string{"capture", "replay", "diff"}},
	{folder: "diff/confirm", own: []string{"capture", "replay", "diff"}},
	{folder: "diff/selfcheck", own: []string{"capture", "capture/", "replay", "diff", "diff/"}},
	{folder: "diff/accept", own: []string{"capture/rulefile", "diff"}},
	{folder: "diff/rules", own: []string{"capture/jsonquery", "capture/rulefile", "diff", "diff/"}},
	{folder: "diff/report/look"},
	{folder: "diff/report/evidence"},
	{folder: "diff/", own: []string{"capture", "diff", "diff/"}},
	{folder: "release/mesh"},
	{folder: "release/window"},
	{folder: "release", own: []string{"capture/rulefile", "release/window"}},
	{folder: "release/policyfile", own: []string{"capture/rulefile", "release", "release/window"}},
	{folder: "release/canary", own: []string{"diff/stats", "diff/report/evidence", "release"}},
	{folder: "release/prometheus", own: []string{"release", "release/canary"}},
	{folder: "release/watch", own: []string{"release", "release/canary", "release/prometheus"}},
	{folder: "release/store", own: []string{"release"}},
	{folder: "release/annotate", own: []string{"release"}},
	{folder: "release/notify", own: []string{"capture", "capture/rulefile", "release"}},
	{folder: "release/statement", own: []string{"release", "release/statement/"}},
	{folder: "release/report", own: []string{"diff/report/evidence", "diff/report/look", "release"}},
	{folder: "release/simulate", own: []string{"capture/rulefile", "diff/report/look", "release", "release/report"}},
	{folder: "release/gate/access", own: []string{"capture/rulefile", "release"}},
	{folder: "release/gate/dialect", own: []string{"capture/rulefile", "release"}},
	{folder: "release/gate/client", own: []string{"release", "release/report"}},
	{folder: "release/", own: []string{"capture", "capture/rulefile", "diff", "diff/report", "diff/report/", "contract", "contract/", "release", "release/"}},
	{folder: "contract", own: []string{"capture"}, std: true},
	{folder: "contract/openapi", own: []string{"contract"}},
	{folder: "contract/run", own: []string{"capture", "capture/", "replay", "replay/", "contract", "contract/"}},
	{folder: "contract/credentials", own: []string{"capture", "capture/", "replay", "replay/", "contract", "contract/"}},
	{folder: "contract/hooks", own: []string{"capture", "capture/coding", "contract", "contract/", "replay/shell"}},
	{folder: "contract/usage", own: []string{"capture", "capture/", "contract", "contract/", "diff/stats"}},
	{folder: "contract/topology", own: []string{"capture", "capture/trace", "diff/report/look"}},
	{folder: "contract/compat/report", own: []string{"capture", "contract", "contract/", "diff/report/evidence", "diff/report/look"}},
	{folder: "contract/pact/verify", own: []string{"capture", "capture/", "replay", "replay/", "contract", "contract/"}},
	{folder: "contract/pact/report", own: []string{"capture", "capture/", "contract", "contract/", "diff/report/evidence", "diff/report/look"}},
	{folder: "contract/report", own: []string{"capture", "capture/", "contract", "diff/report/evidence", "diff/report/look"}},
	{folder: "contract/", own: []string{"capture", "capture/", "contract", "contract/"}},
	{folder: "fixtures/", own: []string{"fixtures/", "capture", "capture/", "replay", "diff", "diff/", "contract", "contract/", "release", "release/"}},
	{folder: "deploy"},
	{folder: "cmd/", own: []string{"cmd/internal/", "capture", "capture/", "replay", "replay/", "diff", "diff/", "contract", "contract/", "release", "release/"}},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestPackagesImportOnlyWhatTheDesignAllows(t *testing.T) {
	packages := list(t)
	require.NotEmpty(t, packages)
	for _, p := range packages {
		folder := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.folder, folder) })
		if !assert.GreaterOrEqual(t, i, 0, "%s is in no folder of the design", folder) {
			continue
		}
		for _, imported := range p.Imports {
			assert.NoError(t, rules[i].check(imported), "%s imports %s", folder, imported)
		}
	}
}

func TestEveryRuleStandsForAFolder(t *testing.T) {
	packages := list(t)
	for _, r := range rules {
		assert.True(t, slices.ContainsFunc(packages, func(p pkg) bool {
			return matches(r.folder, strings.TrimPrefix(p.ImportPath, module))
		}), "no package is left in %s", r.folder)
	}
}

func TestKubernetesAndIstioStayInRelease(t *testing.T) {
	for _, p := range list(t) {
		if strings.HasPrefix(p.ImportPath, module+"release/") {
			continue
		}
		for _, imported := range p.Imports {
			assert.False(t, strings.HasPrefix(imported, "k8s.io/") || strings.HasPrefix(imported, "istio.io/"),
				"%s imports %s", p.ImportPath, imported)
		}
	}
}

func (r rule) check(imported string) error {
	own, ours := strings.CutPrefix(imported, module)
	switch {
	case ours && slices.ContainsFunc(r.own, func(a string) bool { return matches(a, own) }):
		return nil
	case ours:
		return errors.New("the design allows " + strings.Join(r.own, ", "))
	case r.std && strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
		return errors.New("the design allows the standard library only")
	}
	return nil
}

func matches(pattern, folder string) bool {
	if strings.HasSuffix(pattern, "/") {
		return strings.HasPrefix(folder, pattern)
	}
	return folder == pattern
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	cmd.Dir = "../../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var packages []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}
