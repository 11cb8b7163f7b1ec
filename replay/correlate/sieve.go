package correlate

// sieve says which places of a message are looked at. A nil one is all.
type sieve struct {
	kinds [Form + 1]bool
	// keys are those of the places, and of what they are inside of in a JSON
	// body: a member whose key is none of them is passed over whole.
	// Where it is nil, all are that have the kinds.
	keys map[uint64]bool
	// lengths has a bit for the length of each name of a field, which spares
	// most fields the comparison of names.
	lengths uint64
	// names does the same for the members of JSON objects.
	names uint64
}

func (s *sieve) add(p Place, c *compiled) {
	if s.keys == nil {
		s.keys = make(map[uint64]bool)
	}
	s.kinds[p.Kind] = true
	s.keys[c.key] = true
	for _, key := range c.above {
		s.keys[key] = true
	}
	s.names |= c.names
	switch p.Kind {
	case Header:
		s.lengths |= lengthBit(len(p.Name))
	case Cookie:
		s.lengths |= lengthBit(len("Cookie")) | lengthBit(len("Set-Cookie"))
	case Location, LocationQuery:
		s.lengths |= lengthBit(len("Location")) | lengthBit(len("Content-Location"))
	}
}

func lengthBit(n int) uint64 { return 1 << min(n, 63) }

func (s *sieve) has(k Kind) bool { return s == nil || s.kinds[k] }

func (s *sieve) hasKey(key uint64) bool { return s == nil || s.keys == nil || s.keys[key] }

// hasField reports whether a field whose name has n letters may matter.
func (s *sieve) hasField(n int) bool { return s == nil || s.lengths&lengthBit(n) != 0 }

// hasName reports whether a member whose name has n bytes may matter.
func (s *sieve) hasName(n int) bool { return s == nil || s.keys == nil || s.names&lengthBit(n) != 0 }

// hasBodies reports whether a body of any media type may matter.
func (s *sieve) hasBodies() bool { return s.has(Body) || s.has(HTML) || s.has(Form) }

// hasBody reports whether a body of the media type may matter.
func (s *sieve) hasBody(m media) bool {
	switch m {
	case jsonMedia, textMedia:
		return s.has(Body)
	case htmlMedia:
		return s.has(HTML)
	case formMedia:
		return s.has(Form)
	}
	return false
}
