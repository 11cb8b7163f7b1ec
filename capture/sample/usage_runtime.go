//go:build !linux

package sample

import "runtime/metrics"

// processMemory returns what the runtime has mapped and not given back.
func processMemory() (int64, error) {
	m := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(m)
	return int64(m[0].Value.Uint64() - m[1].Value.Uint64()), nil
}
