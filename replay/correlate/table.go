package correlate

const (
	// tableBits: 2^20 values at 24 bytes take 24 MiB. With 20 values an exchange
	// that is 52,000 exchanges back: at 500 a second, more than a minute and a
	// half between an answer and the last request that proves a rule; the same
	// rule is proven by the quicker uses.
	tableBits = 20
	// ways is the size of a bucket: three cache lines.
	ways = 8
	// perValue bounds the places that are kept for one value, so that a value
	// which is everywhere leaves room for its neighbours.
	perValue = 4
)

// gift is one value that an answer gave.
type gift struct {
	hash  uint64
	end   int64 // of the first answer that gave it, in nanoseconds since 1970
	place uint32
	stamp uint32 // of the last one
}

// table is a set of gifts that forgets the oldest of a bucket.
type table struct {
	gifts   []gift
	evicted uint64
}

func newTable() *table { return &table{gifts: make([]gift, 1<<tableBits)} }

func (t *table) bucket(hash uint64) []gift {
	at := hash >> (64 - tableBits) &^ (ways - 1)
	return t.gifts[at : at+ways]
}

func (t *table) put(hash uint64, place uint32, end int64, stamp uint32) {
	b := t.bucket(hash)
	oldest, same, oldestSame := 0, 0, -1
	for i := range b {
		g := &b[i]
		if g.stamp == 0 {
			if b[oldest].stamp != 0 {
				oldest = i
			}
			continue
		}
		if g.hash == hash {
			if g.place == place {
				g.stamp = stamp
				g.end = min(g.end, end)
				return
			}
			same++
			if oldestSame < 0 || g.stamp < b[oldestSame].stamp {
				oldestSame = i
			}
		}
		if b[oldest].stamp != 0 && g.stamp < b[oldest].stamp {
			oldest = i
		}
	}
	if same >= perValue {
		oldest = oldestSame
	}
	if b[oldest].stamp != 0 {
		t.evicted++
	}
	b[oldest] = gift{hash, end, place, stamp}
}
