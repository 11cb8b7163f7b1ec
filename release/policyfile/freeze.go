package policyfile

import (
	"time"

	"github.com/goccy/go-yaml/ast"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release/window"
)

// maxWindows bounds the windows: a verdict looks at each, for some microseconds.
const maxWindows = 100

func (r *reader) freeze(f rulefile.Field) []window.Window {
	var windows []window.Window
	lines := make(map[string]int)
	for n := range r.Entries(f) {
		if len(windows) == maxWindows {
			r.Errorf(rulefile.Start(n), "freeze has more than %d windows", maxWindows)
			break
		}
		w, ok := r.window(n)
		if !ok {
			continue
		}
		if first := lines[w.Name]; first > 0 && w.Name != "" {
			r.Errorf(rulefile.Start(n), "the window %q is there twice, first in line %d", w.Name, first)
		} else {
			lines[w.Name] = w.Line
		}
		windows = append(windows, w)
	}
	return windows
}

func (r *reader) window(n ast.Node) (window.Window, bool) {
	fields := r.Fields(n, "a window of freeze", "name", "reason", "services", "zone", "cron", "for", "from", "to")
	if fields == nil {
		return window.Window{}, false
	}
	w := window.Window{Line: rulefile.Line(n)}
	r.needs(n, fields, "the window", "name")
	r.text(fields, "name", &w.Name)
	r.text(fields, "reason", &w.Reason)
	w.Services = r.patterns(fields, "services")
	zone := r.zone(fields)
	recurs, once := fields.Given([]string{"cron", "for"}), fields.Given([]string{"from", "to"})
	switch {
	case len(recurs) > 0 && len(once) > 0:
		r.Errorf(fields[once[0]].Key, "a window has cron and for, or from and to; this one has %s and %s", recurs[0], once[0])
	case len(recurs) > 0:
		r.needs(n, fields, "the window", "cron", "for")
		r.recur(&w, fields, zone)
	case len(once) > 0:
		r.needs(n, fields, "the window", "from", "to")
		r.once(&w, fields, zone)
	default:
		r.Errorf(rulefile.Start(n), "the window does not say when; give it cron and for, or from and to")
	}
	return w, true
}

func (r *reader) recur(w *window.Window, fields rulefile.Fields, zone *time.Location) {
	var expression string
	var length time.Duration
	r.duration(fields, "for", &length, time.Minute, window.MaxLength)
	if !r.text(fields, "cron", &expression) || zone == nil {
		return
	}
	// The length has its own message: an hour stands for one that is wrong.
	if length == 0 {
		length = time.Hour
	}
	if err := w.Recur(expression, length, zone); err != nil {
		r.Errorf(rulefile.Start(fields["cron"].Value), "%v", err)
	}
}

func (r *reader) once(w *window.Window, fields rulefile.Fields, zone *time.Location) {
	if zone == nil {
		return
	}
	before := r.Mistakes()
	if f, ok := fields["from"]; ok {
		w.From = r.moment(f, zone, false)
	}
	f, ok := fields["to"]
	if !ok {
		return
	}
	w.To = r.moment(f, zone, true)
	if r.Mistakes() == before && !w.From.Before(w.To) {
		r.Errorf(rulefile.Start(f.Value), "the window ends before it begins")
	}
}

// zone reads a time zone, UTC where there is none and nil for what is none.
func (r *reader) zone(fields rulefile.Fields) *time.Location {
	var name string
	if _, ok := fields["zone"]; !ok {
		return time.UTC
	}
	if !r.text(fields, "zone", &name) {
		return nil
	}
	zone, err := time.LoadLocation(name)
	// "Local" would be another time on every machine.
	if err != nil || name == time.Local.String() {
		r.Errorf(rulefile.Start(fields["zone"].Value), "there is no time zone %q; names are those of the IANA database, such as Europe/Berlin or UTC", name)
		return nil
	}
	return zone
}
