package redact

import (
	"sync"

	"twinspect.dev/capture"
)

// Redactor replaces secrets. It is safe for concurrent use.
type Redactor struct {
	key       []byte
	detectors detector
	grpc      *messages
	views     *views
	passes    sync.Pool
}

// New returns a redactor of the rules. Without a key it makes one for this
// process: then the pseudonyms of two runs cannot be compared.
func New(rules Rules, key []byte) (*Redactor, error) {
	if len(key) == 0 {
		key = NewKey()
	}
	r := &Redactor{key: append([]byte(nil), key...)}
	if err := r.compile(rules); err != nil {
		return nil, err
	}
	r.passes.New = func() any { return newPass(r) }
	return r, nil
}

// Redact replaces the secrets of e and returns how many it replaced; a withheld
// body is one. What is replaced is new memory: what e shares with others stays
// as it is.
func (r *Redactor) Redact(e *capture.Exchange) (changed int) {
	changed, _ = r.redact(e)
	return changed
}

// redact also returns what became of the bodies.
func (r *Redactor) redact(e *capture.Exchange) (int, bodies) {
	p := r.passes.Get().(*pass)
	b := p.exchange(e)
	n := p.changed
	p.clear()
	r.passes.Put(p)
	return n, b
}

// Check returns what looks like a secret in e, which it does not change.
// Pseudonyms do not, whichever key they were made with. A body that Redact would
// withhold is a finding of the kind "unreadable".
func (r *Redactor) Check(e *capture.Exchange) []Finding {
	p := r.passes.Get().(*pass)
	p.check = true
	shown := *e
	p.exchange(&shown)
	findings := p.findings
	p.clear()
	r.passes.Put(p)
	return findings
}
