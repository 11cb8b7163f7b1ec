package tlswire

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mutation alters the i-th call of a conversation, at a place in it.
type mutation func(p *player, calls []call, i, at int)

var mutations = map[string]mutation{
	"lost":  func(p *player, calls []call, i, _ int) { p.gap(calls[i].dir, int64(len(calls[i].p))) },
	"twice": func(p *player, calls []call, i, _ int) { p.data(calls[i], calls[i].p); p.data(calls[i], calls[i].p) },
	"front lost": func(p *player, calls []call, i, at int) {
		p.gap(calls[i].dir, int64(at))
		p.data(calls[i], calls[i].p[at:])
	},
	"tail lost": func(p *player, calls []call, i, at int) {
		p.data(calls[i], calls[i].p[:at])
		p.gap(calls[i].dir, int64(len(calls[i].p)-at))
	},
	"middle lost": func(p *player, calls []call, i, at int) {
		b := calls[i].p
		n := min(10, len(b)-at)
		p.data(calls[i], b[:at])
		p.gap(calls[i].dir, int64(n))
		p.data(calls[i], b[at+n:])
	},
	"altered": func(p *player, calls []call, i, at int) {
		b := bytes.Clone(calls[i].p)
		b[at] ^= 0x55
		p.data(calls[i], b)
	},
	"without a part": func(p *player, calls []call, i, at int) { p.data(calls[i], calls[i].p[at:]) },
	"more":           func(p *player, calls []call, i, at int) { p.data(calls[i], slices.Concat(calls[i].p, calls[i].p[at:])) },
	"turned":         func(p *player, calls []call, i, _ int) { p.data(call{dir: 1 - calls[i].dir, acked: -1}, calls[i].p) },
	"ended":          func(p *player, calls []call, i, at int) { p.data(calls[i], calls[i].p[:at]); p.end(calls[i].dir) },
	"torn": func(p *player, calls []call, i, at int) {
		p.data(calls[i], calls[i].p[:at])
		p.gap(calls[i].dir, 1)
		p.end(calls[i].dir)
	},
	"from another": func(p *player, calls []call, i, at int) {
		p.data(calls[i], calls[at%len(calls)].p)
	},
}

// mutate plays a conversation with a few calls altered.
func (p *player) mutate(rt *rapid.T, calls []call, names []string) {
	at := make(map[int]string)
	for range rapid.IntRange(0, 3).Draw(rt, "mutations") {
		at[rapid.IntRange(0, len(calls)-1).Draw(rt, "call")] = rapid.SampledFrom(names).Draw(rt, "mutation")
	}
	p.open()
	for i, c := range calls {
		if name, ok := at[i]; ok {
			mutations[name](p, calls, i, rapid.IntRange(0, len(c.p)-1).Draw(rt, "place"))
			continue
		}
		p.data(c, c.p)
	}
	p.finish()
}

// TestNoMutationOfAConversationMakesWrongBytes plays conversations that are
// altered, with key logs that lack secrets.
func TestNoMutationOfAConversationMakesWrongBytes(t *testing.T) {
	var names []string
	for name := range mutations {
		names = append(names, name)
	}
	slices.Sort(names)
	for name, r := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			var sent [][]byte
			for _, tk := range r.talks() {
				sent = append(sent, tk.sent[0], tk.sent[1])
			}
			lines := slices.Collect(strings.Lines(r.Keys))
			rapid.Check(t, func(rt *rapid.T) {
				missing := rapid.IntRange(0, 3*len(lines)).Draw(rt, "missing secret")
				keys := slices.Clone(lines)
				if missing < len(lines) {
					keys = slices.Delete(keys, missing, missing+1)
				}
				p := &player{d: New(keyLog(t, strings.Join(keys, ""))), check: func(p *player) { requireTrue(rt, p, sent) }}
				for _, tk := range r.talks() {
					p.mutate(rt, tk.calls, names)
				}
			})
		})
	}
}
