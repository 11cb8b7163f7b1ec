// Package provider makes the whole suite of a document: the cases of each operation
// and of several together, and what has to be there before.
package provider

import (
	"context"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"

	"twinspect.dev/contract"
	"twinspect.dev/contract/cases"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/sequence"
	"twinspect.dev/contract/values"
)

// Options says how cases are made.
type Options struct {
	Seed uint64
	// Max is how many cases of one request an operation gets, 0 for the usual
	// number.
	Max int
	// Recorded gives the requests that traffic had for an operation, Dependencies
	// which values it took from where; nil where there is no traffic.
	Recorded     func(operation string) []contract.Request
	Dependencies []sequence.Dependency
}

// Suite makes the cases of a document when they are asked for. It may be used by
// many goroutines.
type Suite struct {
	Document  *openapi.Document
	Schemas   *schema.Set
	Codec     *message.Codec
	Conformer *conform.Conformer
	// Setups are what operations need before they can be tested.
	Setups    []contract.Setup
	options   Options
	values    *values.Generator
	single    *cases.Generator
	sequences map[string][]contract.Case
	gaps      []contract.Gap             // of the sequences
	taken     map[string]map[string]bool // values that things have been named by, by the schema's place
	ordinary  func(*openapi.Operation) (contract.Request, bool)
}

// New plans a suite. Single requests are made when they are asked for.
func New(doc *openapi.Document, options Options) *Suite {
	s := &Suite{Document: doc, Schemas: schema.New(doc), options: options, values: values.New(options.Seed), taken: map[string]map[string]bool{}}
	s.Codec = message.New(doc, s.Schemas)
	s.Conformer = conform.New(doc, s.Schemas, s.Codec)
	s.ordinary = once(s.generator(nil).Ordinary)
	s.askAll()
	planner := &sequence.Planner{
		Document: doc, Ordinary: s.ordinary, Vary: s.vary, Variants: s.variants, Narrow: s.narrow, Fresh: s.fresh,
		Recorded: options.Dependencies,
	}
	s.Setups = planner.Setups()
	supplied := make(map[string][]contract.Place, len(s.Setups))
	for _, setup := range s.Setups {
		for _, u := range setup.Use {
			supplied[setup.Operation] = append(supplied[setup.Operation], u.Into)
		}
	}
	s.single = s.generator(supplied)
	sequences, gaps := planner.Cases()
	s.gaps = gaps
	s.sequences = make(map[string][]contract.Case, len(sequences))
	for _, cs := range sequences {
		s.sequences[cs.Operation] = append(s.sequences[cs.Operation], cs)
	}
	return s
}

func (s *Suite) generator(supplied map[string][]contract.Place) *cases.Generator {
	return &cases.Generator{
		Document: s.Document, Schemas: s.Schemas, Codec: s.Codec, Conformer: s.Conformer, Values: s.values,
		Seed: s.options.Seed, Supplied: supplied, Recorded: s.options.Recorded, Max: s.options.Max,
	}
}

// askAll makes the ordinary requests of all operations side by side: the planner asks
// for them one after the other.
func (s *Suite) askAll() {
	next := make(chan *openapi.Operation)
	var makers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		makers.Go(func() {
			for op := range next {
				s.ordinary(op)
			}
		})
	}
	for _, op := range s.Document.Operations {
		next <- op
	}
	close(next)
	makers.Wait()
}

// once remembers what make gave for each operation.
func once(request func(*openapi.Operation) (contract.Request, bool)) func(*openapi.Operation) (contract.Request, bool) {
	type made struct {
		contract.Request
		ok bool
	}
	var known sync.Map
	return func(op *openapi.Operation) (contract.Request, bool) {
		if m, ok := known.Load(op.Name); ok {
			return m.(made).Request, m.(made).ok
		}
		r, ok := request(op)
		known.Store(op.Name, made{r, ok})
		return r, ok
	}
}

// Operations returns the names of all operations, in the order of the document.
func (s *Suite) Operations() []string {
	names := make([]string, len(s.Document.Operations))
	for i, op := range s.Document.Operations {
		names[i] = op.Name
	}
	return names
}

// Part returns what there is for an operation: cases of one request, then the
// sequences. It has no cases where the document does not have the operation.
func (s *Suite) Part(operation string) contract.Part {
	part := contract.Part{Operation: operation}
	op := s.Document.Operation(operation)
	if op == nil {
		return part
	}
	part.Cases, part.Gaps = s.single.Operation(op)
	part.Cases = append(part.Cases, s.sequences[operation]...)
	for i := range s.Setups {
		if s.Setups[i].Operation == operation {
			part.Setup = &s.Setups[i]
		}
	}
	for _, gap := range s.gaps {
		if gap.Operation == operation {
			part.Gaps = append(part.Gaps, gap)
		}
	}
	return part
}

// Parts makes the parts of operations side by side, one for each processor, and
// gives them in their order. It ends early with the error of ctx.
func (s *Suite) Parts(ctx context.Context, operations []string) iter.Seq2[contract.Part, error] {
	return func(yield func(contract.Part, error) bool) {
		making, cancel := context.WithCancel(ctx)
		var makers sync.WaitGroup
		defer makers.Wait()
		defer cancel()
		// As many as there are makers wait to be given, so that memory is bounded.
		ahead := make(chan chan contract.Part, runtime.GOMAXPROCS(0))
		makers.Go(func() {
			defer close(ahead)
			for _, name := range operations {
				part := make(chan contract.Part, 1)
				select {
				case ahead <- part:
					makers.Go(func() { part <- s.Part(name) })
				case <-making.Done():
					return
				}
			}
		})
		for part := range ahead {
			if ctx.Err() != nil {
				break
			}
			if !yield(<-part, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(contract.Part{}, err)
		}
	}
}

// Random returns a further case of an operation, one that rng draws.
func (s *Suite) Random(operation string, rng *rand.Rand) (contract.Case, bool) {
	op := s.Document.Operation(operation)
	if op == nil {
		return contract.Case{}, false
	}
	return s.single.Random(op, rng)
}
