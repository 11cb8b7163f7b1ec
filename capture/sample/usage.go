package sample

import (
	"fmt"
	"time"
)

// ReadUsage returns what this process uses now, without Usage.Bytes, which only
// its caller knows. On Linux Memory is the resident set, elsewhere what the Go
// runtime has from the system.
func ReadUsage() (Usage, error) {
	cpu, err := processCPU()
	if err != nil {
		return Usage{}, fmt.Errorf("read processor time: %w", err)
	}
	memory, err := processMemory()
	if err != nil {
		return Usage{}, fmt.Errorf("read memory in use: %w", err)
	}
	return Usage{At: time.Now(), CPU: cpu, Memory: memory}, nil
}
