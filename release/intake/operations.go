package intake

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/release"
)

// operations gathers what is said of each operation. The zero value is empty.
type operations struct {
	byName map[string]*operation
	err    error
}

type operation struct {
	release.Operation
	doubts []string // of suspects
}

// at returns the operation of a name. After one too many, or with a name that is none,
// it returns one that counts for nothing, and list an error.
func (o *operations) at(name string) *operation {
	if op := o.byName[name]; op != nil {
		return op
	}
	op := &operation{Operation: release.Operation{Name: strings.Clone(name)}}
	switch {
	case len(name) > maxName:
		o.err = fmt.Errorf("an operation's name has %d bytes, at most %d are taken", len(name), maxName)
		return op
	case len(o.byName) == MaxOperations:
		o.err = fmt.Errorf("it tells of more than %d operations", MaxOperations)
		return op
	case o.byName == nil:
		o.byName = make(map[string]*operation)
	}
	o.byName[op.Name] = op
	return op
}

// regression counts one more that is proven, and suspect one that is not.
func (op *operation) regression(format string, args ...any) {
	op.Regressions++
	if len(op.Texts) < release.MaxTexts {
		op.Texts = append(op.Texts, clip(fmt.Sprintf(format, args...)))
	}
}

func (op *operation) suspect(format string, args ...any) {
	op.Suspects++
	if len(op.doubts) < release.MaxTexts {
		op.doubts = append(op.doubts, clip(fmt.Sprintf(format, args...)))
	}
}

// list returns the operations by name.
func (o *operations) list() ([]release.Operation, error) {
	if o.err != nil {
		return nil, o.err
	}
	list := make([]release.Operation, 0, len(o.byName))
	for _, name := range slices.Sorted(maps.Keys(o.byName)) {
		op := o.byName[name]
		texts := slices.Concat(op.Texts, op.doubts)
		op.Texts = texts[:min(len(texts), release.MaxTexts)]
		list = append(list, op.Operation)
	}
	return list, nil
}
