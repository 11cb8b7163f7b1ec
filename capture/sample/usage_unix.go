//go:build unix

package sample

import (
	"syscall"
	"time"
)

// processCPU returns the user and system time of all threads (getrusage(2)).
func processCPU() (time.Duration, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, err
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), nil
}
