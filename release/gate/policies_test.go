package gate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release/gate"
)

// policyOf is a policy with a name for some services.
func policyOf(name, services string) string {
	return strings.NewReplacer("name: shop", "name: "+name, "[catalog]", services).Replace(policyText)
}

func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	return folder
}

func TestTheNearestPolicyIsForAService(t *testing.T) {
	p, err := gate.LoadPolicies(folderOf(t, map[string]string{
		"1.yaml": policyOf("all", `["*"]`),
		"2.yaml": policyOf("cart", `["cart-*", orders]`),
		"3.yml":  policyOf("cart-api", `["cart-api-*"]`),
		"4.yaml": policyOf("one", `[cart-api-eu]`),
		"5.yaml": policyOf("as long", `["cart-api*-"]`),
		"6.yaml": policyOf("again", `[orders, "cart-*"]`),
		// The name of the service, star and all, is longer than any name that it stands for.
		"7.yaml": policyOf("long", `["*****************"]`),
	}))
	require.NoError(t, err)
	for service, want := range map[string]string{
		"cart-api-eu": "one",      // as it is
		"cart-api-us": "long",     // the longest pattern
		"orders":      "cart",     // the first of two that name it
		"anything":    "long",     // whatever its stars stand for
		"cart-api-":   "long",     //
		"Orders":      "long",     // names are told apart by case
		"":            "long",     //
		"cart-*":      "cart",     // a name like a pattern is that name
		"cart-api-*":  "cart-api", //
	} {
		got := p.For(service)
		require.NotNil(t, got, service)
		assert.Equal(t, want, got.Name, service)
	}
}

func TestAServiceWithoutAPolicyHasNone(t *testing.T) {
	p, err := gate.LoadPolicies(writeFile(t, "gate.yaml", policyText))
	require.NoError(t, err)
	assert.Nil(t, p.For("orders"))
	assert.Nil(t, p.For("catalog2"))
	assert.NotNil(t, p.For("catalog"))
}

func TestPoliciesThatCannotBeReadAreSaid(t *testing.T) {
	many := map[string]string{}
	for i := range gate.MaxPolicies + 1 {
		many[fmt.Sprintf("%d.yaml", i)] = ""
	}
	one := writeFile(t, "one.yaml", policyText)
	for name, c := range map[string]struct {
		paths []string
		says  []string
	}{
		"no such file":           {[]string{filepath.Join(t.TempDir(), "none.yaml")}, []string{"none.yaml"}},
		"an empty folder":        {[]string{t.TempDir()}, []string{"holds no *.yaml"}},
		"other files":            {[]string{folderOf(t, map[string]string{"README.md": "", ".hidden.yaml": policyText, "sub.yaml/x.yaml": policyText})}, []string{"holds no *.yaml"}},
		"two of a name":          {[]string{folderOf(t, map[string]string{"a.yaml": policyText, "b.yaml": policyOf("shop", "[cart]")})}, []string{`b.yaml: the policy "shop" is in`, "a.yaml"}},
		"one file twice":         {[]string{one, one}, []string{`the policy "shop" is in`}},
		"all mistakes at once":   {[]string{folderOf(t, map[string]string{"a.yaml": "{", "b.yaml": "version: 9", "c.yaml": policyText})}, []string{"a.yaml", "b.yaml"}},
		"too many":               {[]string{folderOf(t, many)}, []string{"1001 files, want at most 1000"}},
		"a folder and a mistake": {[]string{filepath.Dir(one), writeFile(t, "bad.yaml", "name: x")}, []string{"bad.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gate.LoadPolicies(c.paths...)
			for _, says := range c.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

func TestAReloadThatFailsKeepsWhatWasThere(t *testing.T) {
	folder := folderOf(t, map[string]string{"a.yaml": policyText, "b.yaml": policyOf("cart", "[cart]")})
	p, err := gate.LoadPolicies(folder)
	require.NoError(t, err)
	before := p.All()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	for _, text := range []string{"", "{", policyOf("shop", "[cart]"), "version: 1\nname: cart\nservices: [cart]\n", strings.Repeat("x", 2<<20)} {
		write("b.yaml", text)
		require.Error(t, p.Reload(), "%.40q", text)
		assert.Equal(t, before, p.All())
		assert.Equal(t, "cart", p.For("cart").Name)
	}
	require.NoError(t, os.Rename(folder, folder+".gone"))
	require.Error(t, p.Reload())
	assert.Equal(t, before, p.All())
	require.NoError(t, os.Rename(folder+".gone", folder))
	write("b.yaml", policyOf("basket", "[cart]"))
	require.NoError(t, p.Reload())
	assert.Equal(t, "basket", p.For("cart").Name)
}

func TestPoliciesAreReadWhileTheyAreReloaded(t *testing.T) {
	p, err := gate.LoadPolicies(writeFile(t, "gate.yaml", policyText))
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				assert.NoError(t, p.Reload())
				assert.Equal(t, "shop", p.For("catalog").Name)
			}
		})
	}
	all.Wait()
}
