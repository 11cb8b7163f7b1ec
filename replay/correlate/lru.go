package correlate

import "container/list"

// lru keeps what was used last, bounded in number and in bytes. It is not safe
// for concurrent use.
type lru[K comparable, V any] struct {
	byKey    map[K]*list.Element
	recent   *list.List // of *entry[K, V], the last used in front
	max      int
	maxBytes int
	bytes    int
	evicted  uint64
}

type entry[K comparable, V any] struct {
	key   K
	value V
	bytes int
}

func newLRU[K comparable, V any](maxEntries, maxBytes int) *lru[K, V] {
	return &lru[K, V]{byKey: make(map[K]*list.Element), recent: list.New(), max: maxEntries, maxBytes: maxBytes}
}

func (l *lru[K, V]) get(key K) (V, bool) {
	el, ok := l.byKey[key]
	if !ok {
		var none V
		return none, false
	}
	l.recent.MoveToFront(el)
	return el.Value.(*entry[K, V]).value, true
}

// put stores the value, which takes that many bytes, and drops what was not used
// for longest. A value that is too large alone is not kept.
func (l *lru[K, V]) put(key K, value V, bytes int) {
	if el, ok := l.byKey[key]; ok {
		e := el.Value.(*entry[K, V])
		l.bytes += bytes - e.bytes
		e.value, e.bytes = value, bytes
		l.recent.MoveToFront(el)
	} else {
		l.byKey[key] = l.recent.PushFront(&entry[K, V]{key, value, bytes})
		l.bytes += bytes
	}
	for l.recent.Len() > l.max || l.bytes > l.maxBytes {
		e := l.recent.Remove(l.recent.Back()).(*entry[K, V])
		delete(l.byKey, e.key)
		l.bytes -= e.bytes
		l.evicted++
	}
}
