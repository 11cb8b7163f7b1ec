package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"twinspect.dev/release"
	"twinspect.dev/release/prometheus"
)

// definitions says of each metric in short what is asked of the server: how much worse
// it may be is no part of it, as all looks can be weighed anew by that.
func definitions(p *release.CanaryPolicy, t prometheus.Target) map[string]string {
	all := make(map[string]string, len(p.Metrics))
	for _, m := range p.Metrics {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d %v %q %q %d %q %q",
			m.Counter, m.Bad, m.Histogram, m.Unit, m.Above, m.Quantile, p.Baseline, p.Canary, p.History, t.Service, t.Namespace))
		all[m.Name] = hex.EncodeToString(sum[:8])
	}
	return all
}
