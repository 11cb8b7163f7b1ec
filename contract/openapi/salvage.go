package openapi

import (
	"cmp"
	"errors"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxAttempts bounds how often references are resolved to find the units that the
// library cannot use: a document of 13 MB takes 0.2 s each time. What references
// lead to was looked at before, so that it is hardly ever needed.
const maxAttempts = 64

// salvage resolves all units without faults, or where that fails, as many as
// possible: those that cannot be are found by halving, each with what it needs.
// It fails for references that the library reads in another way, and for parts of
// other files that nothing needs.
func (l *library) salvage(units []*unit) (*openapi3.T, error) {
	good := without(units)
	spec, err := l.resolve(good)
	if err == nil {
		return spec, nil
	}
	l.sift(good, err)
	spec, err = l.resolve(without(units))
	if err == nil {
		return spec, nil
	}
	// What is left needs what is not; nothing is resolved then.
	for _, u := range good {
		u.unresolved = cmp.Or(u.unresolved, plain(err))
	}
	return l.resolve(nil)
}

// sift gives each of the units that cannot be resolved a fault. err is why all
// together cannot.
func (l *library) sift(units []*unit, err error) {
	if len(units) == 1 || l.attempts >= maxAttempts {
		if len(units) > 1 {
			err = errors.Join(errors.New("too many references cannot be resolved to tell them apart"), err)
		}
		for _, u := range units {
			u.unresolved = plain(err)
		}
		return
	}
	for _, half := range [][]*unit{units[:len(units)/2], units[len(units)/2:]} {
		if _, err := l.resolve(without(l.needs.closure(half))); err != nil {
			l.sift(half, err)
		}
	}
}

// without returns the units that have no fault and can be resolved.
func without(units []*unit) []*unit {
	good := make([]*unit, 0, len(units))
	for _, u := range units {
		if len(u.faults) == 0 && u.unresolved == nil {
			good = append(good, u)
		}
	}
	return good
}
