package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/compat/impact"
	compatreport "twinspect.dev/contract/compat/report"
	"twinspect.dev/contract/contractfile"
)

const catalogDocument = `openapi: 3.0.3
info: {title: Catalog, version: "1"}
paths:
  /products/{id}:
    get:
      operationId: getProduct
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        "200":
          description: a product
          content:
            application/json:
              schema:
                type: object
                required: [name, price, stock]
                properties:
                  name: {type: string}
                  price: {type: number}
                  stock: {type: integer}
`

// catalogWith is the document with something replaced, in a file of its own.
func catalogWith(t *testing.T, replace ...string) string {
	t.Helper()
	return writeDocument(t, "catalog.yaml", strings.NewReplacer(replace...).Replace(catalogDocument))
}

var (
	withoutPrice = []string{"[name, price, stock]", "[name, stock]", "                  price: {type: number}\n", ""}
	withoutStock = []string{"[name, price, stock]", "[name, price]", "                  stock: {type: integer}\n", ""}
)

// usesPrice is the contract of a consumer that uses the price in each of its calls,
// and is given the stock.
func usesPrice(consumer, provider string) *contract.Contract {
	field := func(at contract.Place, kind string, state contract.State) contract.Field {
		f := contract.Field{At: at, Seen: 40, Of: 40, Types: map[string]uint64{kind: 40}, Usage: contract.Usage{State: state}}
		if state == contract.Used {
			f.Usage.Calls, f.Usage.Of, f.Usage.Confidence = 40, 40, 0.99
		}
		return f
	}
	id := field("path id", "string", "")
	return &contract.Contract{
		Schema: contract.ContractSchema, Version: contract.ContractVersion, Consumer: consumer, Provider: provider,
		Interactions: []contract.Interaction{{
			Operation: "GET /products/{id}", OperationID: "getProduct", Calls: 40, For: map[string]uint64{"": 40}, Request: []contract.Field{id},
			Responses: []contract.Answer{{Status: 200, Calls: 40, MediaType: "application/json", Fields: []contract.Field{
				field("body", "object", contract.Seen), field("body /price", "number", contract.Used), field("body /stock", "integer", contract.Seen),
			}}},
		}},
	}
}

// contractsOf keeps contracts in a folder.
func contractsOf(t *testing.T, list ...*contract.Contract) string {
	t.Helper()
	dir := t.TempDir()
	for _, c := range list {
		require.NoError(t, contractfile.Write(dir, c))
	}
	return dir
}

// pactOf is a Pact file of a consumer that expects one field of a product.
func pactOf(t *testing.T, consumer, provider, field string) string {
	t.Helper()
	return writeDocument(t, consumer+"-"+provider+".json", fmt.Sprintf(`{
  "consumer": {"name": %q}, "provider": {"name": %q},
  "interactions": [{"description": "a product", "request": {"method": "GET", "path": "/products/7"},
    "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {%q: 3},
      "matchingRules": {"$.body.%s": {"match": "type"}}}}],
  "metadata": {"pactSpecification": {"version": "2.0.0"}}}`, consumer, provider, field, field))
}

func compatibility(t *testing.T, wantCode int, args ...string) *impact.Report {
	t.Helper()
	r := twinspect(t.Context(), append(append([]string{"contract-check"}, args...), "--json")...)
	e, err := compatreport.Read(strings.NewReader(r.stdout))
	require.NoError(t, err, r.stdout+r.stderr)
	require.Equal(t, wantCode, r.code, "%v\n%s", e.Reasons, r.stderr)
	return e
}

func levelsOf(r *impact.Report) map[string]impact.Level {
	found := map[string]impact.Level{}
	for i := range r.Consumers {
		found[r.Consumers[i].Name+" by "+r.Consumers[i].Source] = r.Consumers[i].Level
	}
	return found
}

func TestConsumersAreHeldAgainstTheirDocument(t *testing.T) {
	contracts := contractsOf(t, usesPrice("checkout", "catalog"))
	e := compatibility(t, 0, "consumers", catalogWith(t), "--consumers", contracts)
	assert.Equal(t, "catalog", e.Provider, "the only one that is known")
	assert.Nil(t, e.Old)
	assert.Equal(t, map[string]impact.Level{"checkout by traffic": impact.Safe}, levelsOf(e))

	e = compatibility(t, 1, "consumers", catalogWith(t, withoutPrice...), "--consumers", contracts)
	assert.Equal(t, map[string]impact.Level{"checkout by traffic": impact.Breaks}, levelsOf(e))
	assert.Contains(t, e.Reasons[0], "uses body /price of GET /products/{id}")
	compatibility(t, 0, "consumers", catalogWith(t, withoutStock...), "--consumers", contracts)
}

func TestAChangeFailsForWhomItBreaks(t *testing.T) {
	before := catalogWith(t)
	contracts := contractsOf(t, usesPrice("checkout", "catalog"), usesPrice("search", "pricing"))
	for _, tt := range []struct {
		name    string
		replace []string
		args    []string
		code    int
		level   impact.Level
	}{
		{"nothing changed", nil, nil, 0, impact.Safe},
		{"what is used was removed", withoutPrice, nil, 1, impact.Breaks},
		{"what is not used was removed", withoutStock, nil, 0, impact.Safe},
		{"what is not used, strictly", withoutStock, []string{"--strict"}, 1, impact.Safe},
		{"nothing changed, strictly", nil, []string{"--strict"}, 0, impact.Safe},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"change", before, catalogWith(t, tt.replace...), "--consumers", contracts, "--provider", "catalog"}, tt.args...)
			e := compatibility(t, tt.code, args...)
			assert.Equal(t, map[string]impact.Level{"checkout by traffic": tt.level}, levelsOf(e), "the other provider's consumer is not asked")
			require.NotNil(t, e.Old)
			assert.False(t, e.Ended.Before(e.Started))
			assert.Equal(t, "twinspect test", e.Tool)
		})
	}
}

func TestAChangeWithoutConsumersFailsForWhatIsBreaking(t *testing.T) {
	before := catalogWith(t)
	assert.Empty(t, compatibility(t, 0, "change", before, before).Changes)
	e := compatibility(t, 1, "change", before, catalogWith(t, withoutStock...))
	assert.Contains(t, e.Reasons[0], "no consumers were given")
	assert.Equal(t, "products", compatibility(t, 0, "change", before, before, "--provider", "products").Provider)
}

func TestPactFilesAreConsumers(t *testing.T) {
	before, after := catalogWith(t), catalogWith(t, withoutPrice...)
	price, stock := pactOf(t, "mobile", "catalog", "price"), pactOf(t, "shelf", "catalog", "stock")
	for _, path := range []string{price, filepath.Dir(price)} {
		e := compatibility(t, 1, "change", before, after, "--pact", path, "--consumers", contractsOf(t, usesPrice("checkout", "catalog")))
		assert.Equal(t, map[string]impact.Level{"mobile by pact": impact.Breaks, "checkout by traffic": impact.Breaks}, levelsOf(e))
	}
	e := compatibility(t, 1, "consumers", after, "--pact", price)
	assert.Equal(t, map[string]impact.Level{"mobile by pact": impact.Breaks}, levelsOf(e))
	compatibility(t, 0, "consumers", after, "--pact", stock)
}

func TestInteractionsOfAPactThatAreNoRequestsAreTold(t *testing.T) {
	file := writeDocument(t, "p.json", `{"consumer": {"name": "mailer"}, "provider": {"name": "catalog"},
  "messages": [{"description": "a product was made", "contents": {"id": 1}}], "metadata": {"pactSpecification": {"version": "3.0.0"}}}`)
	r := twinspect(t.Context(), "contract-check", "consumers", catalogWith(t), "--pact", file)
	assert.Zero(t, r.code, r.stdout)
	assert.Contains(t, r.stderr, `pact of mailer left out: "a product was made"`)
}

func TestTheReportOfAChangeIsWrittenAndNamed(t *testing.T) {
	out := filepath.Join(t.TempDir(), "a", "out")
	args := []string{"contract-check", "change", catalogWith(t), catalogWith(t, withoutPrice...), "--consumers", contractsOf(t, usesPrice("checkout", "catalog")), "--report", out}
	r := twinspect(t.Context(), args...)
	require.Equal(t, 1, r.code, r.stderr)
	assert.Contains(t, r.stdout, "FAIL  breaks 1 of 1 consumer")
	assert.Contains(t, r.stdout, "in 100 % of 40 calls")
	assert.Contains(t, r.stdout, "report: "+filepath.Join(out, "report.html"))
	for name, want := range map[string]string{"report.html": "breaks: all of 40", "evidence.json": `"verdict": "fail"`, "junit.xml": "<failure", "summary.md": "breaks 1 of 1 consumer"} {
		b, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		assert.Contains(t, string(b), want, name)
	}
	f, err := os.Open(filepath.Join(out, "evidence.json"))
	require.NoError(t, err)
	defer f.Close()
	_, err = compatreport.Read(f)
	require.NoError(t, err)
}

func TestAllIsToldWhereThatIsAskedFor(t *testing.T) {
	args := []string{"contract-check", "change", catalogWith(t), catalogWith(t, withoutStock...), "--consumers", contractsOf(t, usesPrice("checkout", "catalog"))}
	assert.NotContains(t, twinspect(t.Context(), args...).stdout, "is given body /stock")
	assert.Contains(t, twinspect(t.Context(), append(args, "--verbose")...).stdout, "is given body /stock")
}

func TestWrongUsageOfChecksOfConsumersSaysWhatIsWanted(t *testing.T) {
	spec := catalogWith(t)
	contracts := contractsOf(t, usesPrice("checkout", "catalog"), usesPrice("search", "pricing"))
	broken := contractsOf(t, usesPrice("checkout", "catalog"))
	require.NoError(t, os.WriteFile(contractfile.Path(broken, "checkout", "catalog"), []byte("schema: [oh"), 0o600))
	later := contractsOf(t)
	require.NoError(t, os.MkdirAll(filepath.Join(later, "a"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(later, "a", "b.yaml"), []byte("schema: twinspect.dev/contract/consumer\nversion: \"9.0\"\nconsumer: a\nprovider: b\n"), 0o600))
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no document", []string{"consumers"}, "accepts 1 arg(s)"},
		{"one document", []string{"change", spec}, "accepts 2 arg(s)"},
		{"no consumers", []string{"consumers", spec}, "give --consumers DIR or --pact FILE"},
		{"several providers", []string{"consumers", spec, "--consumers", contracts}, "say which by --provider: catalog and pricing"},
		{"several providers of a change", []string{"change", spec, spec, "--consumers", contracts, "--pact", pactOf(t, "a", "billing", "b")}, "--provider: billing, catalog and pricing"},
		{"no such provider", []string{"change", spec, spec, "--consumers", contracts, "--provider", "catalogue"}, "--provider catalogue: the consumers know catalog and pricing"},
		{"no such folder", []string{"consumers", spec, "--consumers", "absent"}, "--consumers"},
		{"an empty folder", []string{"change", spec, spec, "--consumers", t.TempDir()}, "there are no contracts: name the folder that contract-gen consumer wrote"},
		{"a broken contract", []string{"consumers", spec, "--consumers", broken}, "catalog.yaml"},
		{"a contract of a later program", []string{"consumers", spec, "--consumers", later}, "9.0"},
		{"no such Pact file", []string{"consumers", spec, "--pact", "absent.json"}, "--pact"},
		{"no Pact", []string{"consumers", spec, "--pact", writeDocument(t, "x.json", "{[")}, "x.json"},
		{"no Pact files", []string{"change", spec, spec, "--pact", t.TempDir()}, "there are no Pact files (*.json)"},
		{"missing document", []string{"change", "absent.yaml", spec}, "absent.yaml"},
		{"missing new document", []string{"change", spec, "absent.yaml"}, "absent.yaml"},
		{"no OpenAPI", []string{"change", spec, writeDocument(t, "x.yaml", "a: 1")}, "x.yaml"},
		{"report is a file", []string{"change", spec, spec, "--report", spec}, "--report"},
		{"flag misspelt", []string{"change", spec, spec, "--consumer", contracts}, "--consumer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := twinspect(t.Context(), append([]string{"contract-check"}, tt.args...)...)
			assert.Equal(t, 2, r.code, r.stdout)
			assert.Contains(t, r.stderr, tt.want)
			assert.NotContains(t, r.stderr, "goroutine")
		})
	}
}

func TestHelpAndCompletionOfChecksOfConsumers(t *testing.T) {
	flag := regexp.MustCompile(`\s(--?[a-z][a-z-]*)`)
	for _, name := range []string{"contract-check consumers", "contract-check change"} {
		r := twinspect(t.Context(), append(strings.Fields(name), "--help")...)
		require.Zero(t, r.code)
		assert.Contains(t, r.stdout, cli.ExitHelp)
		_, examples, found := strings.Cut(r.stdout, "Examples:\n  twinspect "+name)
		require.True(t, found)
		examples, flags, _ := strings.Cut(examples, "\nFlags:")
		for _, f := range flag.FindAllStringSubmatch(examples, -1) {
			assert.Regexp(t, `(^|\s)`+f[1]+`[, ]`, flags, "%s stands in an example", f[1])
		}
	}
	const files, folders, nothing = ":8", ":16", ":4"
	for args, want := range map[string]string{
		"consumers |": files, "consumers a.yaml |": nothing, "change |": files, "change a.yaml |": files, "change a.yaml b.yaml |": nothing,
		"change --consumers |": folders, "change --report |": folders, "change --pact |": files,
	} {
		words := strings.Split(strings.TrimSuffix(args, "|"), " ")
		r := twinspect(t.Context(), append([]string{"__complete", "contract-check"}, words...)...)
		require.Zero(t, r.code)
		assert.Regexp(t, `(?m)^`+want+`$`, r.stdout, args)
	}
}

func TestAnInterruptedCheckOfConsumersSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := twinspect(ctx, "contract-check", "change", catalogWith(t), catalogWith(t))
	assert.Equal(t, 130, r.code, r.stderr)
}
