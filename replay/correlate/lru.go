package correlate

// lru keeps what was used last, bounded in number and in bytes. It is not safe
// for concurrent use.
type lru[K comparable, V any] struct {
	byKey    map[K]*entry[K, V]
	recent   entry[K, V] // of the ring; the last used is next to it
	spare    *entry[K, V]
	max      int
	maxBytes int
	bytes    int
	evicted  uint64
}

type entry[K comparable, V any] struct {
	key            K
	value          V
	bytes          int
	next, previous *entry[K, V]
}

func newLRU[K comparable, V any](maxEntries, maxBytes int) *lru[K, V] {
	l := &lru[K, V]{byKey: make(map[K]*entry[K, V]), max: maxEntries, maxBytes: maxBytes}
	l.recent.next, l.recent.previous = &l.recent, &l.recent
	return l
}

// get returns the value, which may be changed until the next put; nil where there
// is none.
func (l *lru[K, V]) get(key K) *V {
	e := l.byKey[key]
	if e == nil {
		return nil
	}
	e.unlink()
	l.front(e)
	return &e.value
}

func (e *entry[K, V]) unlink() {
	e.next.previous, e.previous.next = e.previous, e.next
}

func (l *lru[K, V]) front(e *entry[K, V]) {
	e.next, e.previous = l.recent.next, &l.recent
	e.next.previous, l.recent.next = e, e
}

// put stores the value, which takes that many bytes, and drops what was not used
// for longest. A value that is too large alone is not kept.
func (l *lru[K, V]) put(key K, value V, bytes int) {
	e := l.byKey[key]
	if e == nil {
		if e, l.spare = l.spare, nil; e == nil {
			e = new(entry[K, V])
		}
		e.key = key
		l.byKey[key] = e
	} else {
		l.bytes -= e.bytes
		e.unlink()
	}
	e.value, e.bytes = value, bytes
	l.bytes += bytes
	l.front(e)
	for len(l.byKey) > l.max || l.bytes > l.maxBytes {
		l.drop(l.recent.previous)
	}
}

func (l *lru[K, V]) drop(e *entry[K, V]) {
	e.unlink()
	delete(l.byKey, e.key)
	l.bytes -= e.bytes
	l.evicted++
	*e = entry[K, V]{}
	l.spare = e
}
