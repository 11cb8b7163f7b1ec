package intake_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement/strict"
)

// TestHostileDocumentsTakeBoundedMemory reads documents that decode to as much as the
// bounds allow.
func TestHostileDocumentsTakeBoundedMemory(t *testing.T) {
	head := `{"schema": "` + diff.Schema + `", "version": "1.2", `
	for name, body := range map[string]string{
		"objects": `"differences": [` + strings.Repeat(`{"reason":"0123456789ab"},`, strict.MaxObjects-2) + `{}]}`,
		"texts":   `"reasons": [` + strings.Repeat(`"",`, strict.MaxValues-5) + `""]}`,
		"small":   `"differences": [` + strings.Repeat("{},", 100_000) + `{}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(head + body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := intake.Read(data)
			runtime.ReadMemStats(&after)
			require.Error(t, err)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d MB of %d MB: %v", allocated>>20, len(data)>>20, err)
			require.Less(t, allocated, uint64(2<<30), "over all, garbage among it")
			if name == "small" {
				require.Less(t, allocated, uint64(64<<20))
			}
		})
	}
}
