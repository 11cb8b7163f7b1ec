package twinpb

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"twinspect.dev/capture"
)

// MarshalAccount returns a as a message Account.
func MarshalAccount(a capture.Account) ([]byte, error) {
	m := &Account{Stages: make([]*Stage, len(a))}
	for i, s := range a {
		m.Stages[i] = &Stage{
			Name: []byte(s.Name), Unit: []byte(s.Unit),
			Seen: s.Seen, Written: s.Written, Open: s.Open,
			Filtered: counts(s.Filtered), Dropped: counts(s.Dropped),
		}
	}
	b, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode account: %w", err)
	}
	return b, nil
}

// UnmarshalAccount reads the message Account in b.
func UnmarshalAccount(b []byte) (capture.Account, error) {
	var m Account
	if err := proto.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("decode account: %w", err)
	}
	a := make(capture.Account, len(m.Stages))
	for i, s := range m.Stages {
		a[i] = capture.Stage{Name: string(s.GetName()), Unit: string(s.GetUnit())}
		a[i].Seen, a[i].Written, a[i].Open = s.GetSeen(), s.GetWritten(), s.GetOpen()
		for _, c := range s.GetFiltered() {
			a[i].Filter(capture.Reason(c.GetReason()), c.GetCount())
		}
		for _, c := range s.GetDropped() {
			a[i].Drop(capture.Reason(c.GetReason()), c.GetCount())
		}
	}
	return a, nil
}

// counts lists the reasons in order, so that the same account has the same bytes.
func counts(m map[capture.Reason]uint64) []*Count {
	list := make([]*Count, 0, len(m))
	for reason, n := range m {
		list = append(list, &Count{Reason: []byte(reason), Count: n})
	}
	slices.SortFunc(list, func(a, b *Count) int { return slices.Compare(a.Reason, b.Reason) })
	return list
}
