package sequence

import "twinspect.dev/contract/openapi"

func (p *Planner) operations() []*openapi.Operation {
	if p.Document == nil {
		return nil
	}
	return p.Document.Operations
}

func (p *Planner) node() lookup {
	if p.Document == nil {
		return nil
	}
	return p.Document.Node
}
