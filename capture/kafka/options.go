package kafka

import "time"

// SourceOptions are how a [Source] reads.
type SourceOptions struct {
	// Manual means that in a group an exchange counts as processed once
	// [Source.Processed] was called with its ID. Otherwise it does when the next
	// one is asked for.
	Manual bool
	// Outstanding bounds, with Manual, how many records may lie behind the
	// oldest one that is not processed; 65,536 where it is 0, which take 4 MiB.
	Outstanding int
	// Prefetch is how many bytes are read ahead over all partitions, as they are
	// on the wire; 64 MiB where it is 0. At least 64 KiB and a batch for each
	// partition are.
	Prefetch int
	// MaxBatch is to how many bytes a batch may decompress; one that would take
	// more is dropped and counted. 32 MiB where it is 0: producers close a batch
	// at 1 MiB before compression by default. A partition takes it twice.
	MaxBatch int
	// Remember is how many IDs of each partition are kept to drop what comes
	// twice; 1<<18 (14 MiB) where it is 0, or less where that would take more
	// than 1<<21 in all. With -1 duplicates are given.
	Remember int
	// RetryFor is for how long brokers may be away; 2 minutes where it is 0.
	RetryFor time.Duration
	// CommitEvery is the longest time between two commits of a group's offsets;
	// 1 s where it is 0. They are also committed after 1,000 records.
	CommitEvery time.Duration
	// SessionTimeout is after how long without a sign a worker of a group counts
	// as dead; 30 s where it is 0.
	SessionTimeout time.Duration
}

const (
	commitRecords = 1000
	// parallelFetches bounds the requests, and so the connections, for fetches:
	// 16 of up to 8 MiB keep a link of 10 Gbit/s with 100 ms of delay full.
	parallelFetches = 16
	minFetch        = 64 << 10
	maxFetch        = 8 << 20
	// fetchWait is for how long a broker holds a request for which there is
	// nothing yet.
	fetchWait = 500 * time.Millisecond
)

func (o SourceOptions) withDefaults(partitions int) SourceOptions {
	if o.Outstanding <= 0 {
		o.Outstanding = 1 << 16
	}
	if o.Prefetch <= 0 {
		o.Prefetch = 64 << 20
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = 32 << 20
	}
	if o.Remember == 0 {
		o.Remember = min(1<<18, maxRemembered/max(partitions, 1))
	}
	if o.RetryFor <= 0 {
		o.RetryFor = defaultTimeout
	}
	if o.CommitEvery <= 0 {
		o.CommitEvery = time.Second
	}
	if o.SessionTimeout <= 0 {
		o.SessionTimeout = 30 * time.Second
	}
	return o
}

// fetchBytes divides the prefetch: of each partition one answer is unpacked, one
// waits and one is on its way.
func (o SourceOptions) fetchBytes(partitions int) int64 {
	return int64(min(max(o.Prefetch/(3*max(partitions, 1)), minFetch), maxFetch))
}
