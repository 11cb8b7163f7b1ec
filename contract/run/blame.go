package run

import (
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/replay"
)

// blamed returns the operation that a broken check speaks of: the one that gave the
// answer, but where a read shows that a write was not what it said, the write.
func blamed(cs *contract.Case, b *contract.Broken) string {
	if b.Step >= len(cs.Steps) {
		return cs.Operation
	}
	step := &cs.Steps[b.Step]
	switch b.Check {
	case contract.ReadAfterWrite, contract.WriteKept, contract.UseAfterDelete, contract.Available, contract.Idempotent:
		for i := b.Step; i >= 0 && (i == b.Step || cs.Steps[i].Name != step.Expect.Same); i-- {
			if method, _, _ := strings.Cut(cs.Steps[i].Operation, " "); !replay.Safe(method) {
				return cs.Steps[i].Operation
			}
		}
	}
	return step.Operation
}
