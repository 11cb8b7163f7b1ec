package intake_test

import (
	"encoding/json"
	"flag"
	"os"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release/intake"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

// TestWhatAVerdictNeedsIsTold shows what is taken of a document of each kind.
func TestWhatAVerdictNeedsIsTold(t *testing.T) {
	taken := map[string][]byte{"canary": looked(t, 30, 300)}
	for schema := range documents {
		taken[path.Base(schema)] = document(t, schema)
	}
	for name, data := range taken {
		e, err := intake.Read(data)
		require.NoError(t, err)
		got, err := json.MarshalIndent(e, "", "  ")
		require.NoError(t, err)
		file := "testdata/" + name + ".json"
		if flag.Lookup("update").Value.String() == "true" {
			require.NoError(t, os.MkdirAll("testdata", 0o755)) //nolint:gosec // golden files are for all
			require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o600))
		}
		want, err := os.ReadFile(file) //nolint:gosec // of testdata
		require.NoError(t, err, "run the test with -update to write the golden file")
		if name == "canary" { // its numbers are its own package's
			continue
		}
		require.JSONEq(t, string(want), string(got))
	}
}
