package contractfile

import (
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/shape"
)

// field compares a field that both contracts have.
func (d *drift) field(at Change, o, n *contract.Field) {
	switch {
	case !o.Optional() && n.Optional():
		d.change(at, NowOptional, "always", how(n), "became optional: it is there "+how(n))
	case o.Optional() && !n.Optional() && n.Of >= enough:
		d.change(at, NowAlways, how(o), "always", "is always there now, in "+grouped(n.Of))
	}
	if was, is := types(o), types(n); was != is && (differ(o, n) || n.Seen >= enough && !narrower(o, n)) {
		d.change(at, TypeChanged, was, is, "is "+is+", was "+was)
	}
	d.values(at, o, n)
	if o.Class != "" && n.Class != o.Class && n.Types["string"] > 0 {
		is := n.Class
		if is == "" {
			is = "any text"
		}
		d.change(at, FormChanged, o.Class, is, "is no longer always "+o.Class)
	}
	d.used(at, &o.Usage, &n.Usage)
}

func (d *drift) change(c Change, kind Kind, was, is, text string) {
	c.Kind, c.Old, c.New, c.Text = kind, was, is, text
	d.add(c)
}

// differ reports whether there is a type that was not there before.
func differ(o, n *contract.Field) bool {
	for name := range n.Types {
		if o.Types[name] == 0 && (name != "integer" || o.Types["number"] == 0) {
			return true
		}
	}
	return false
}

// narrower reports whether numbers happen to have no fraction, which is no change.
func narrower(o, n *contract.Field) bool {
	return o.Types["number"] > 0 && n.Types["number"] == 0 && n.Types["integer"] > 0
}

// values tells what an enumeration got. What a few samples show is none.
func (d *drift) values(at Change, o, n *contract.Field) {
	if !shape.Enumeration(o) {
		return
	}
	if n.Many {
		d.change(at, ValueNew, "one of "+list(keys(o.Values)), "any text", "is no longer one of "+list(keys(o.Values)))
		return
	}
	var fresh []string
	for _, v := range slices.Sorted(maps.Keys(n.Values)) {
		if _, ok := o.Values[v]; !ok {
			fresh = append(fresh, v)
		}
	}
	if len(fresh) > 0 {
		d.change(at, ValueNew, "one of "+list(keys(o.Values)), "also "+list(fresh), "has new values: "+list(fresh))
	}
}

func list(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		if out[i] = w; !bare(w, true) {
			out[i] = quote(w)
		}
	}
	return strings.Join(out, ", ")
}

func (d *drift) used(at Change, o, n *contract.Usage) {
	was, is := o.State == contract.Used, n.State == contract.Used
	switch {
	case !was && is:
		d.change(at, NowUsed, "", "used"+into(n), "is used now"+into(n))
	case was && !is && n.State != "":
		at.Kind, at.Old = NoLongerUsed, "used"+into(o)
		d.gone(at, "is no longer used in "+calls(n.Of), "was not seen to be used in "+calls(n.Of), n.Of)
	}
}

// into tells the surest place where a value came again.
func into(u *contract.Usage) string {
	if len(u.Evidence) == 0 {
		return ""
	}
	e := u.Evidence[0]
	return " (" + string(e.How) + " in " + e.Into + ")"
}
