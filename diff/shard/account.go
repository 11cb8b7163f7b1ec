package shard

import (
	"maps"

	"twinspect.dev/capture"
)

func find(a capture.Account, s capture.Stage) int {
	for i := range a {
		if a[i].Name == s.Name && a[i].Unit == s.Unit {
			return i
		}
	}
	return -1
}

// since returns what the stages counted after before was taken.
func since(before, now capture.Account) capture.Account {
	rest := now.Clone()
	for i, s := range rest {
		j := find(before, s)
		if j < 0 {
			continue
		}
		was := before[j].Stats
		rest[i].Seen -= was.Seen
		rest[i].Written -= was.Written
		rest[i].Open -= was.Open
		rest[i].Filtered = less(s.Filtered, was.Filtered)
		rest[i].Dropped = less(s.Dropped, was.Dropped)
	}
	return rest
}

func less(now, before map[capture.Reason]uint64) map[capture.Reason]uint64 {
	rest := maps.Clone(now)
	for reason, n := range before {
		if rest[reason] -= n; rest[reason] == 0 {
			delete(rest, reason)
		}
	}
	return rest
}

// renamed names the last stage of an account.
func renamed(a capture.Account, name string) capture.Account {
	a[len(a)-1].Name = name
	return a
}
