package run

import (
	"sync"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// An operation that hangs costs a worker the whole timeout each time. Five in a row
// leave no doubt; a provider that refuses forty connections in a row is gone.
const (
	maxHangs   = 5
	maxRefused = 40
)

// health knows which operations hang, and whether the provider is there.
type health struct {
	mu      sync.Mutex
	hangs   map[string]int
	refused int
}

// closed returns why an operation is not asked any more, or "".
func (h *health) closed(operation string) capture.Reason {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.refused >= maxRefused:
		return ProviderGone
	case h.hangs[operation] >= maxHangs:
		return OperationHangs
	}
	return ""
}

func (h *health) hear(operation, fault string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hangs == nil {
		h.hangs = make(map[string]int)
	}
	switch replay.Fault(fault) {
	case replay.Refused:
		h.refused++
	case replay.Timeout:
		h.refused = 0
		h.hangs[operation]++
	case "":
		h.refused = 0
		delete(h.hangs, operation)
	default:
		h.refused = 0
	}
}
