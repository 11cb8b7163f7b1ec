package sequence

import "twinspect.dev/contract/openapi"

func (p *Planner) operations() []*openapi.Operation {
	if d, ok := any(p.Document).(interface{ Model() []*openapi.Operation }); ok {
		return d.Model()
	}
	return nil
}

func (p *Planner) node() lookup {
	if d, ok := any(p.Document).(interface {
		Node(openapi.Place) (any, openapi.Place, error)
	}); ok {
		return d.Node
	}
	return nil
}
