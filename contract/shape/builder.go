package shape

import (
	"maps"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
)

const (
	// MaxFields is how many fields one builder tells apart. The largest answers of
	// public services have some 1,500; this is ten times as many, and 8 MB at worst
	// without values.
	MaxFields = 16384
	// MaxDepth is how deep a value is looked into. Messages of services nest below
	// 20.
	MaxDepth = 48
	// MaxKey is the longest key in bytes that is a name.
	MaxKey = 128
)

// Why something of a sample was not learned from.
const (
	// TooMany: a place beyond [MaxFields]. Which ones these are depends on the order
	// of the samples; nothing else does.
	TooMany capture.Reason = "too-many-fields"
	// TooDeep: an object or an array at [MaxDepth], whose contents were left out.
	TooDeep capture.Reason = "too-deep"
	// LongNumber: a number whose digits or exponent are too many to be a bound.
	LongNumber capture.Reason = "long-number"
	// NoJSON: a value that is of no type of JSON.
	NoJSON capture.Reason = "not-json"
	// Repeated: a part that the message had before.
	Repeated capture.Reason = "repeated-part"
	// BadName: a key that is not UTF-8.
	BadName capture.Reason = "bad-name"
	// NotWhole: a message of which a part is missing. It is left out.
	NotWhole capture.Reason = "incomplete"
	// Unreadable: a message whose body could not be decoded. It is left out.
	Unreadable capture.Reason = "unreadable-body"
)

// Builder learns from the samples of one kind of message: those of one operation
// and direction, and of one status. It is used by one goroutine. What it keeps is
// bounded, and shares no memory with the samples.
type Builder struct {
	roots    map[contract.Place]*node
	messages uint64
	nodes    int
	lost     map[capture.Reason]uint64
	decoder  *coding.Decoder
	plain    []byte
}

// NewBuilder returns a builder that has seen nothing.
func NewBuilder() *Builder {
	return &Builder{roots: map[contract.Place]*node{}, lost: map[capture.Reason]uint64{}}
}

// Begin starts the next message. What it lacks is optional.
func (b *Builder) Begin() { b.messages++ }

// Messages is how many were begun.
func (b *Builder) Messages() uint64 { return b.messages }

// Lost counts what was not learned from, by reason.
func (b *Builder) Lost() map[capture.Reason]uint64 { return maps.Clone(b.lost) }

// Value takes the value at a part of the message, and what is in it. at is the
// part, such as "body", "query limit" or "header ETag"; v a tree of
// map[string]any, []any, string, bool, nil and json.Number.
func (b *Builder) Value(at contract.Place, v any) {
	if b.messages == 0 {
		b.messages = 1
	}
	n := b.roots[at]
	if n == nil {
		if !b.room() {
			return
		}
		n = newNode()
		_, name := at.Split()
		n.private = isPrivate(name)
		b.roots[contract.Place(strings.Clone(string(at)))] = n
		b.nodes++
	}
	if n.last == b.messages {
		b.lost[Repeated]++
		return
	}
	n.last = b.messages
	b.walk(n, v, 0, n.private)
}

// room reports whether one more field may be told apart, and counts where not.
func (b *Builder) room() bool {
	if b.nodes < MaxFields {
		return true
	}
	b.lost[TooMany]++
	return false
}

// Fields returns what was learned, sorted by place.
func (b *Builder) Fields() []contract.Field {
	t := tree{roots: make(map[contract.Place]*node, len(b.roots)), messages: b.messages}
	for at, n := range b.roots {
		t.roots[at] = n.folded()
	}
	return t.fields()
}
