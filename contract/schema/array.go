package schema

import (
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func (r *run) array(s *jsonschema.Schema, list []any, own *seen) bool {
	ok := r.itemCount(s, list)
	if (ok || r.quiet == 0) && s.UniqueItems {
		ok = r.unique(s, list) && ok
	}
	if ok || r.quiet == 0 {
		ok = r.items(s, list, own) && ok
	}
	if (ok || r.quiet == 0) && s.Contains != nil {
		ok = r.contains(s, list, own) && ok
	}
	return ok
}

func (r *run) itemCount(s *jsonschema.Schema, list []any) bool {
	if s.MinItems != nil && len(list) < *s.MinItems {
		return r.fail(s, "minItems", func() string {
			return fmt.Sprintf("must have at least %d items, not %d", *s.MinItems, len(list))
		})
	}
	if s.MaxItems != nil && len(list) > *s.MaxItems {
		return r.fail(s, "maxItems", func() string {
			return fmt.Sprintf("must have at most %d items, not %d", *s.MaxItems, len(list))
		})
	}
	return true
}

func (r *run) unique(s *jsonschema.Schema, list []any) bool {
	if len(list) < 2 {
		return true
	}
	first := make(map[string]int, len(list))
	var key []byte
	for i, item := range list {
		key = canonical(key[:0], item)
		if j, has := first[string(key)]; has {
			return r.fail(s, "uniqueItems", func() string { return fmt.Sprintf("items %d and %d are equal", j, i) })
		}
		first[string(key)] = i
	}
	return true
}

func (r *run) items(s *jsonschema.Schema, list []any, own *seen) bool {
	ok := true
	for i, item := range list {
		child := s.Items2020
		if i < len(s.PrefixItems) {
			child = s.PrefixItems[i]
		}
		if child == nil {
			break
		}
		ok = r.inItem(child, i, item) && ok
		own.item(i)
		if !ok && (r.quiet > 0 || len(r.found) >= maxViolations) {
			return false
		}
	}
	return ok
}

func (r *run) contains(s *jsonschema.Schema, list []any, own *seen) bool {
	fit := 0
	for i, item := range list {
		if r.try(s.Contains, item, nil) {
			fit++
			own.item(i)
		}
	}
	least := 1
	if s.MinContains != nil {
		least = *s.MinContains
	}
	if fit < least {
		return r.fail(s, "contains", func() string {
			return fmt.Sprintf("must have at least %d items that fit contains, not %d", least, fit)
		})
	}
	if s.MaxContains != nil && fit > *s.MaxContains {
		return r.fail(s, "maxContains", func() string {
			return fmt.Sprintf("must have at most %d items that fit contains, not %d", *s.MaxContains, fit)
		})
	}
	return true
}
