package tlswire

import "slices"

// maxMarks is how many records that are not acknowledged a direction remembers:
// 64 MiB of full ones, beyond any window, or 90 kB of the shortest.
const maxMarks = 4096

// mark says how much plaintext a direction had given where it had given so much
// ciphertext.
type mark struct{ cipher, plain int64 }

// marks translates acknowledgements of ciphertext. It forgets what was
// acknowledged, as acknowledgements only grow.
type marks struct {
	last mark // acknowledged, or given up for room
	list []mark
}

func (m *marks) add(at mark) {
	if len(m.list) >= maxMarks {
		m.pop(maxMarks / 4)
	}
	m.list = append(m.list, at)
}

// at returns how much plaintext was delivered up to the ciphertext offset
// acked: a record of which a part was acknowledged cannot have been read. It is
// -1 where that is not known any more.
func (m *marks) at(acked int64) int64 {
	n := 0
	for n < len(m.list) && m.list[n].cipher <= acked {
		n++
	}
	m.pop(n)
	if acked < m.last.cipher {
		return -1
	}
	return m.last.plain
}

func (m *marks) pop(n int) {
	if n == 0 {
		return
	}
	m.last = m.list[n-1]
	m.list = slices.Delete(m.list, 0, n)
}
