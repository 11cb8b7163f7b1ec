package main

import (
	"context"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
)

// nobody returns a URL at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return "http://" + l.Addr().String()
}

func TestExamplesOfTheContractCommandsHaveFlagsThatExist(t *testing.T) {
	flag := regexp.MustCompile(`\s(--?[a-z][a-z-]*)`)
	for _, name := range []string{"contract-gen provider", "contract-run", "contract-check traffic"} {
		t.Run(name, func(t *testing.T) {
			r := twinspect(t.Context(), append(strings.Fields(name), "--help")...)
			require.Zero(t, r.code)
			assert.Contains(t, r.stdout, "Examples:\n  twinspect "+name)
			_, examples, _ := strings.Cut(r.stdout, "Examples:")
			examples, flags, _ := strings.Cut(examples, "\nFlags:")
			for _, f := range flag.FindAllStringSubmatch(examples, -1) {
				assert.Regexp(t, `(^|\s)`+f[1]+`[, ]`, flags, "%s stands in an example", f[1])
			}
		})
	}
	for _, name := range []string{"contract-gen", "contract-gen provider", "contract-run", "contract-check", "contract-check traffic"} {
		r := twinspect(t.Context(), append(strings.Fields(name), "--help")...)
		assert.Contains(t, r.stdout, cli.ExitHelp, name)
	}
}

func TestShellsCompleteChecksAndOperations(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	dir := filepath.Join(t.TempDir(), "suite")
	require.Zero(t, twinspect(t.Context(), "contract-gen", "provider", spec, "-o", dir).code)
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"checks", []string{"contract-run", spec, "--checks", ""}, []string{"answered", "no-server-error", "use-after-delete"}},
		{"without", []string{"contract-run", spec, "--without", "re"}, []string{"response-time"}},
		{"operations of a document", []string{"contract-run", spec, "--operation", ""}, []string{"GET /things", "POST /things", "GET /things/{id}"}},
		{"operations of a folder", []string{"contract-run", dir, "--operation", ""}, []string{"GET /things", "POST /things"}},
		{"operations to generate for", []string{"contract-gen", "provider", spec, "--operation", ""}, []string{"GET /things"}},
		{"documents", []string{"contract-run", ""}, []string{"yaml", "yml", "json", ":8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := twinspect(t.Context(), append([]string{"__complete"}, tt.args...)...)
			require.Zero(t, r.code)
			for _, want := range tt.want {
				assert.Regexp(t, `(?m)^`+regexp.QuoteMeta(want)+`(\t|$)`, r.stdout)
			}
			assert.NotContains(t, r.stdout, "request-schema", "that is a check of recorded traffic")
		})
	}
}

func TestWrongUsageOfTheContractCommandsSaysWhatIsWanted(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	secured := writeDocument(t, "secured.yaml", securedDocument)
	url := newThings(t, nil)
	on := func(path string, more ...string) []string {
		return append([]string{"contract-run", path, "--provider", url}, more...)
	}
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no provider", []string{"contract-run", spec}, `required flag(s) "provider"`},
		{"no document", []string{"contract-run", "--provider", url}, "give a document"},
		{"missing document", on("absent.yaml"), "absent.yaml"},
		{"no OpenAPI", on(writeDocument(t, "x.yaml", "a: 1")), "x.yaml"},
		{"no YAML", on(writeDocument(t, "x.yaml", "{[")), "x.yaml"},
		{"an empty file", on(writeDocument(t, "x.yaml", "")), "x.yaml"},
		{"binary", on(writeDocument(t, "x.yaml", "\x00\xff\xfe\x01")), "x.yaml"},
		{"no operations", on(writeDocument(t, "x.yaml", "openapi: 3.0.3\ninfo: {title: a, version: b}\npaths: {}")), "no operation"},
		{"a folder that is no suite", on(t.TempDir()), "suite.yaml"},
		{"check misspelt", on(spec, "--checks", "body-shema"), `did you mean "body-schema"`},
		{"check of traffic", on(spec, "--without", "documented"), `--without "documented"`},
		{"no check left", on(spec, "--checks", "answered", "--without", "answered"), "leaves no check"},
		{"operation misspelt", on(spec, "--operation", "GET /thing"), `did you mean "GET /things"`},
		{"operationId misspelt", on(spec, "--operation", "listThing"), `did you mean "listThings"`},
		{"provider is no URL", []string{"contract-run", spec, "--provider", "localhost"}, "--provider"},
		{"nobody listens", []string{"contract-run", spec, "--provider", nobody(t)}, "start the service"},
		{"literal secret", on(secured, "--auth", "bearer=sesame-open-up"), "a secret on a command line"},
		{"no such scheme", on(secured, "--auth", "baerer=env:TOKEN"), `did you mean "bearer"`},
		{"variable is not set", on(secured, "--auth", "bearer=env:ABSENT"), "ABSENT is not set"},
		{"negative budget", on(spec, "--budget", "-1s"), "--budget -1s: want"},
		{"no workers", on(spec, "--parallel", "0"), "--parallel 0: want 1 to"},
		{"negative cases", on(spec, "--max-cases", "-1"), "--max-cases -1"},
		{"another side", on(spec, "--dial", "base=127.0.0.1:1"), "want one of provider"},
		{"report is a file", on(spec, "--report", spec), "--report"},
		{"hooks cannot start", on(spec, "--hooks", "exit 7"), "--hooks"},
		{"kept already", on(spec, "--keep", writeDocument(t, "k.twin", "x")), "--force"},
		{"nowhere to write", []string{"contract-gen", "provider", spec}, "say where the cases go"},
		{"folder is a file", []string{"contract-gen", "provider", spec, "-o", spec}, "openapi.yaml"},
		{"no recording", []string{"contract-check", "traffic", spec, "absent.twin"}, "absent.twin"},
		{"no document for traffic", []string{"contract-check", "traffic", "absent.yaml", "absent.twin"}, "absent.yaml"},
		{"traffic to learn from is missing", on(spec, "--traffic", "absent.twin"), "absent.twin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := twinspect(t.Context(), tt.args...)
			assert.Equal(t, 2, r.code, r.stdout)
			assert.Contains(t, r.stderr, tt.want)
			assert.NotContains(t, r.stderr, "sesame", "what may be a secret is not repeated")
			assert.NotContains(t, r.stderr, "goroutine")
		})
	}
}

func TestExitCodesOfARunStandForItsVerdict(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	e, _ := contractRun(t, 0, spec, newThings(t, nil))
	assert.Empty(t, causes(e))
	assert.Positive(t, e.Requests)
	contractRun(t, 1, spec, newThings(t, answering(500, `{"e":1}`)))
	contractRun(t, 3, writeDocument(t, "secured.yaml", securedDocument), newThings(t, nil), "--operation", "getSecret", "--checks", "valid-accepted")
}

func TestAnInterruptKeepsWhatWasDone(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	out := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	url := newThings(t, interruptingAfter(5, cancel))
	keep := filepath.Join(t.TempDir(), "k.twin")
	r := twinspect(ctx, "contract-run", spec, "--provider", url, "--report", out, "--json", "--keep", keep)
	require.Equal(t, 130, r.code, r.stdout+r.stderr)
	e := evidenceOf(t, r)
	assert.EqualValues(t, "interrupted", e.Verdict)
	assert.Positive(t, notRun(e)["stopped"])
	for _, name := range reportFiles {
		assert.FileExists(t, filepath.Join(out, name))
	}
	assert.Zero(t, twinspect(t.Context(), "stat", keep).code, "what is kept is whole")
}
