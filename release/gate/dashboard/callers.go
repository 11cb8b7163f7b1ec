package dashboard

import (
	"bytes"
	"cmp"
	"html/template"
	"slices"
	"sync"

	"twinspect.dev/contract/compat/impact"
	compatreport "twinspect.dev/contract/compat/report"
	pactreport "twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/contract/topology"
	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
	"twinspect.dev/release/statement"
)

const (
	// maxCallers bounds the callers that are told, maxDrawn those that are drawn, the
	// worst off first: 30 boxes are about three screens.
	maxCallers = 300
	maxDrawn   = 30
	// maxCached is of how many documents the callers are kept: each takes some 100 KB at
	// most, and a document of 64 MiB a second to read.
	maxCached = 64
)

// caller is a consumer of a service and what becomes of it.
type caller struct {
	Name  string
	Tone  topology.Tone
	Calls uint64
	Unit  string // "call" or "interaction"
	Text  string // what concerns it most
	// operations are those that concern it, with its calls of them.
	operations map[string]uint64
}

// Mark is what becomes of it in a word.
func (c *caller) Mark() mark {
	switch c.Tone {
	case topology.Breaks:
		return mark{"bad", "✗", "Breaks"}
	case topology.AtRisk:
		return mark{"warn", "!", "At risk"}
	}
	return mark{"good", "✓", "Safe"}
}

// callers is who calls a service by one document, the worst off first.
type callers struct {
	List []caller
	Left int
	SVG  template.HTML
	// Undrawn counts the listed that the drawing leaves out.
	Undrawn int
}

// callerCache keeps what documents say of callers: documents never change.
type callerCache struct {
	mu   sync.Mutex
	byID map[string]*callers
	ids  []string // the oldest first
}

func newCallerCache() *callerCache { return &callerCache{byID: map[string]*callers{}} }

func (c *callerCache) get(id string) (*callers, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.byID[id]
	return found, ok
}

func (c *callerCache) put(id string, k *callers) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byID[id]; ok {
		return
	}
	if len(c.ids) == maxCached {
		delete(c.byID, c.ids[0])
		c.ids = c.ids[1:]
	}
	c.byID[id] = k
	c.ids = append(c.ids, id)
}

// callersOf reads who calls the service by evidence, nil where it names nobody.
func (v *visit) callersOf(e *release.Evidence) (*callers, error) {
	if e.Schema != impact.Schema && e.Schema != pactreport.SchemaName {
		return nil, nil
	}
	if k, ok := v.callers.get(e.ID); ok {
		return k, nil
	}
	done, err := v.hold()
	if err != nil {
		return nil, err
	}
	defer done()
	document, err := v.Gate.Store().Document(v.Context(), e.ID)
	if err != nil {
		return nil, err
	}
	list, err := readCallers(e.Schema, document)
	if err != nil {
		return nil, err
	}
	k := drawCallers(e.Subject.Service, list)
	v.callers.put(e.ID, k)
	return k, nil
}

// readCallers reads the consumers of a document, alone or in an envelope.
func readCallers(schema string, document []byte) ([]caller, error) {
	if e, err := statement.Parse(document); err == nil {
		s, err := e.Statement()
		if err != nil {
			return nil, err
		}
		document = s.Evidence
	}
	if schema == impact.Schema {
		r, err := compatreport.Read(bytes.NewReader(document))
		if err != nil {
			return nil, err
		}
		return compatCallers(r), nil
	}
	r, err := pactreport.Read(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	return pactCallers(r), nil
}

var tones = map[impact.Level]topology.Tone{impact.Breaks: topology.Breaks, impact.Risk: topology.AtRisk}

func compatCallers(r *impact.Report) []caller {
	byName := callerSet{}
	for i := range r.Consumers {
		k := &r.Consumers[i]
		unit := "call"
		if k.Source == "pact" {
			unit = "interaction"
		}
		c := byName.at(k.Name, unit)
		c.Calls += k.Calls
		for j := range k.Effects {
			f := &k.Effects[j]
			c.concern(tones[f.Level], f.Text, f.Operation, max(f.Of, f.Calls))
		}
	}
	return byName.list()
}

func pactCallers(r *pactreport.Evidence) []caller {
	byName := callerSet{}
	for i := range r.Pacts {
		for j := range r.Pacts[i].Results {
			result := &r.Pacts[i].Results[j]
			c := byName.at(r.Pacts[i].Consumer, "interaction")
			c.Calls++
			switch result.Outcome {
			case verify.Failed:
				c.concern(topology.Breaks, "is not answered as it expects: "+result.Description, cmp.Or(result.Request, result.Description), 1)
			case verify.Pending, verify.NotRun:
				c.concern(topology.AtRisk, "is not proven: "+result.Description, cmp.Or(result.Request, result.Description), 1)
			}
		}
	}
	return byName.list()
}

// callerSet gathers callers by name; one that is known by traffic and by a Pact file is
// one caller.
type callerSet map[string]*caller

func (s callerSet) at(name, unit string) *caller {
	c, ok := s[name]
	if !ok {
		c = &caller{Name: name, Tone: topology.Safe, Unit: unit, operations: map[string]uint64{}}
		s[name] = c
	}
	return c
}

// concern notes what concerns a caller; the worst is told, of equals the first.
func (c *caller) concern(t topology.Tone, text, operation string, calls uint64) {
	if t == "" {
		return
	}
	if rank(t) > rank(c.Tone) {
		c.Tone, c.Text = t, text
	}
	c.operations[operation] = max(c.operations[operation], calls)
}

func rank(t topology.Tone) int {
	return slices.Index([]topology.Tone{topology.Safe, topology.AtRisk, topology.Breaks}, t)
}

func (s callerSet) list() []caller {
	list := make([]caller, 0, len(s))
	for _, c := range s {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b caller) int {
		return cmp.Or(cmp.Compare(rank(b.Tone), rank(a.Tone)), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// drawCallers draws the service with its callers around it.
func drawCallers(service string, list []caller) *callers {
	if len(list) == 0 {
		return nil
	}
	k := &callers{List: list[:min(len(list), maxCallers)]}
	k.Left = len(list) - len(k.List)
	drawn := k.List[:min(len(k.List), maxDrawn)]
	k.Undrawn = len(k.List) - len(drawn)
	var g topology.Graph
	marks := map[string]topology.Mark{service: {Text: "this service"}}
	own := topology.Service{Name: service, Role: topology.Instrumented}
	operations := map[string]*topology.Operation{}
	for i := range drawn {
		c := &drawn[i]
		own.Calls += c.Calls
		g.Edges = append(g.Edges, topology.Edge{Caller: c.Name, Provider: service, Tally: topology.Tally{Calls: c.Calls}})
		marks[c.Name] = topology.Mark{Tone: c.Tone, Text: look.Visible(c.Mark().Text), Calls: map[string]topology.Tone{service: c.Tone}}
		if c.Name != service {
			g.Services = append(g.Services, topology.Service{Name: c.Name, Role: topology.Instrumented})
		}
		c.addOperations(operations)
	}
	for _, op := range operations {
		own.Operations = append(own.Operations, *op)
	}
	slices.SortFunc(own.Operations, func(a, b topology.Operation) int { return cmp.Compare(a.Name, b.Name) })
	g.Services = append(g.Services, own)
	k.SVG = topology.SVG(&g, func(name string) topology.Mark { return marks[name] })
	return k
}

func (c *caller) addOperations(all map[string]*topology.Operation) {
	for name, calls := range c.operations {
		op, ok := all[name]
		if !ok {
			op = &topology.Operation{Name: name}
			all[name] = op
		}
		op.Calls += calls
		if c.Tone == topology.Breaks {
			op.Errors++
		}
	}
}
