package rewrite

import (
	"slices"
	"time"
)

// dates reads the section dates; it is nil where the shift is off.
func (r *reader) dates(f field) *dates {
	fields := r.fields(f.value, "dates", "shift", "places", "formats")
	if fields == nil {
		return nil
	}
	out := new(dates)
	off := r.shift(out, f, fields)
	r.switches(fields, "places", datePlaceNames, out.places[:])
	r.switches(fields, "formats", formatNames, out.formats[:])
	if off {
		return nil
	}
	return out
}

func (r *reader) shift(out *dates, owner field, fields map[string]field) (off bool) {
	const want = "shift is now, off, or a duration such as 24h or -1h30m"
	f, ok := fields["shift"]
	if !ok {
		r.errorf(owner.key, "shift is missing in dates: %s", want)
		return false
	}
	text, ok := r.scalar(f.value, want)
	switch {
	case !ok:
	case text == "now":
		out.toNow = true
	case text == "off", text == "false":
		return true
	default:
		by, err := time.ParseDuration(text)
		if err != nil {
			r.errorf(start(f.value), "%s, not %s", want, r.describe(f.value))
		}
		out.by = by
	}
	return false
}

// switches reads which of the names are given; all are where the key is left out.
func (r *reader) switches(fields map[string]field, key string, names []string, on []bool) {
	f, ok := fields[key]
	if !ok {
		for i := range on {
			on[i] = true
		}
		return
	}
	for _, word := range r.words(f, key+" is a list of "+oneOf(names)) {
		i := slices.Index(names, word)
		if i < 0 {
			r.errorf(start(f.value), "%s has no %q; allowed are %s", key, word, oneOf(names))
			continue
		}
		on[i] = true
	}
}
