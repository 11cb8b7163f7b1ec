package trace

// zipkinEnd is what one end of a call wrote into a span.
type zipkinEnd struct {
	kind          Kind
	local, remote *zipkinEndpoint
	from, to      uint64 // microseconds, 0 where the span's own count
}

// zipkinCore tells what the annotations of version 1 say: whose they are, and
// whether they begin or end its time.
var zipkinCore = map[loose]struct {
	kind  Kind
	start bool
}{
	"cs": {Client, true}, "cr": {Client, false},
	"sr": {Server, true}, "ss": {Server, false},
	"ms": {Producer, true}, "mr": {Consumer, true},
}

// ends tells the ends of a call apart by the annotations of version 1. There are
// none in a span of version 2 that says its kind.
func (s *zipkinSpan) ends() []zipkinEnd {
	if s.Kind != "" {
		return nil
	}
	var ends []zipkinEnd
	for i := range s.Annotations {
		a := &s.Annotations[i]
		core, ok := zipkinCore[a.Value]
		if !ok {
			continue
		}
		e := endOf(&ends, core.kind)
		if e.local.name() == "" {
			e.local = a.Endpoint
		}
		if at := a.Time.uint(); core.start {
			e.from = at
		} else {
			e.to = at
		}
	}
	for i := range ends {
		s.complete(&ends[i], len(ends) == 1)
	}
	return ends
}

func endOf(ends *[]zipkinEnd, kind Kind) *zipkinEnd {
	for i := range *ends {
		if e := &(*ends)[i]; e.kind == kind {
			return e
		}
	}
	*ends = append(*ends, zipkinEnd{kind: kind})
	return &(*ends)[len(*ends)-1]
}

// complete fills in what the annotations leave open. The time of the span is that
// of its only end, or of the client, which began it.
func (s *zipkinSpan) complete(e *zipkinEnd, alone bool) {
	if e.local == nil {
		e.local = s.Local
	}
	e.remote = s.Remote
	for i := range s.Binary {
		if b := &s.Binary[i]; b.Key == "sa" && e.kind == Client || b.Key == "ma" && e.kind == Producer {
			e.remote = b.Endpoint
		}
	}
	if s.Start.uint() > 0 && s.Duration.uint() > 0 && (alone || e.kind == Client) {
		e.from, e.to = 0, 0
	}
}
