package cases

import (
	"encoding/binary"
	"hash/fnv"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
)

// sieve lets those drafts pass that are what they are meant to be on the wire, and
// that no earlier one was.
type sieve struct {
	*plan
	sent map[uint64]bool
	// rules holds how drafts of a negative rule of a part fared.
	rules map[partRule]*fate
	order []partRule
}

type partRule struct {
	at   contract.Place
	rule contract.Rule
}

// fate is whether any draft passed, and why the last one that did not did not.
type fate struct {
	passed bool
	why    string
}

func newSieve(p *plan) *sieve {
	return &sieve{plan: p, sent: map[uint64]bool{}, rules: map[partRule]*fate{}}
}

func (s *sieve) passes(d *draft) bool {
	if d.trusted {
		return true
	}
	a := d.answer
	if a == nil {
		asked := s.ask(d.request)
		a = &asked
	}
	why := verdict(d, a)
	if d.kind == contract.Negative {
		s.fare(d, why)
	} else if why != "" && d.rank == rankWhole {
		s.gap(d.at, d.rule, why)
	}
	if why != "" {
		return false
	}
	// A case that is about one part stays, though another happens to send the same:
	// what it covers is its own.
	if again := s.sent[a.key]; again && (d.at == "" || d.kind == contract.Negative) {
		return false
	}
	s.sent[a.key] = true
	return true
}

// fare remembers how a draft of a rule fared.
func (s *sieve) fare(d *draft, why string) {
	key := partRule{d.at, d.rule}
	f := s.rules[key]
	if f == nil {
		f = &fate{}
		s.rules[key] = f
		s.order = append(s.order, key)
	}
	f.passed = f.passed || why == ""
	f.why = why
}

// gaps tells the rules of parts that nothing could break.
func (s *sieve) gaps(operation string) []contract.Gap {
	var out []contract.Gap
	for _, key := range s.order {
		if f := s.rules[key]; !f.passed {
			out = append(out, contract.Gap{Operation: operation, At: key.at, Rule: key.rule, Why: f.why})
		}
	}
	return out
}

// verdict says why a draft is not what it is meant to be, "" where it is.
func verdict(d *draft, a *answer) string {
	switch {
	case a.err != nil:
		return "it cannot be sent: " + a.err.Error()
	case d.kind == contract.Positive && len(a.found) > 0:
		return "it would not keep to the document: " + a.found[0].Message
	case d.kind == contract.Positive:
		return ""
	case len(a.found) == 0:
		return "what would be sent is valid: it is written as a text that is allowed there"
	}
	for _, v := range a.found {
		if !within(v.At, d.at) {
			return "it would break another part too: " + v.Message
		}
	}
	return ""
}

// answer is what the document says of a request.
type answer struct {
	found []conform.Violation
	// key is alike for requests that are alike on the wire.
	key uint64
	// err says that it cannot be sent as it is.
	err error
}

// ask writes the request as it goes on the wire and holds that against the
// document.
func (p *plan) ask(r contract.Request) answer {
	req, err := p.g.Codec.Encode(p.op, &r)
	if err == nil {
		err = p.proof.reaches(p, &req)
	}
	if err != nil {
		return answer{err: err}
	}
	return answer{found: p.proof.sent(p, &req), key: keyOf(&req)}
}

// reason says in words why a request is not valid.
func (a *answer) reason() string {
	switch {
	case a.err != nil:
		return a.err.Error()
	case len(a.found) > 0:
		return a.found[0].Message
	}
	return "no value is known for a required part"
}

// keyOf hashes what goes on the wire (FNV-1a, 64 bits: two of 500 requests are
// taken for one in one of 10^14 operations).
func keyOf(req *capture.Request) uint64 {
	h := fnv.New64a()
	text := func(s []byte) {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		_, _ = h.Write(s)
	}
	text([]byte(req.Method))
	text([]byte(req.Target))
	for _, f := range req.Header {
		text([]byte(f.Name))
		text([]byte(f.Value))
	}
	text(req.Body)
	return h.Sum64()
}
