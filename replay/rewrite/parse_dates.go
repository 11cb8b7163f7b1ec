package rewrite

import (
	"slices"
	"time"

	"twinspect.dev/capture/rulefile"
)

// dates reads the section dates; it is nil where the shift is off.
func (r *reader) dates(f rulefile.Field) *dates {
	fields := r.Fields(f.Value, "dates", "shift", "places", "formats")
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

func (r *reader) shift(out *dates, owner rulefile.Field, fields rulefile.Fields) (off bool) {
	const want = "shift is now, off, or a duration such as 24h or -1h30m"
	f, ok := fields["shift"]
	if !ok {
		r.Errorf(owner.Key, "shift is missing in dates: %s", want)
		return false
	}
	text, ok := r.Scalar(f.Value, want)
	switch {
	case !ok:
	case text == "now":
		out.toNow = true
	case text == "off", text == "false":
		return true
	default:
		by, err := time.ParseDuration(text)
		if err != nil {
			r.Errorf(rulefile.Start(f.Value), "%s, not %s", want, r.Describe(f.Value))
		}
		out.by = by
	}
	return false
}

// switches reads which of the names are given; all are where the key is left out.
func (r *reader) switches(fields rulefile.Fields, key string, names []string, on []bool) {
	f, ok := fields[key]
	if !ok {
		for i := range on {
			on[i] = true
		}
		return
	}
	for _, word := range r.Words(f, key+" is a list of "+rulefile.OneOf(names)) {
		i := slices.Index(names, word)
		if i < 0 {
			r.Errorf(rulefile.Start(f.Value), "%s has no %q; allowed are %s", key, word, rulefile.OneOf(names))
			continue
		}
		on[i] = true
	}
}
