package sample

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// processMemory returns the resident set: the second number of
// /proc/self/statm, in pages (proc_pid_statm(5)).
func processMemory() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm %q: want the resident set as second number", text)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
