package notify

import (
	"strings"
	"time"

	"twinspect.dev/release"
)

// notice is one thing that people are told of: a verdict, an override or a stop.
type notice struct {
	event    Event
	at       time.Time
	record   release.Record
	override release.Override
	stop     release.Stop
}

// services are the names or patterns of those that a notice is about.
func (n notice) services() []string {
	switch n.event {
	case OverrideEvent:
		return []string{n.override.Service}
	case StopEvent:
		return n.stop.Services
	}
	return []string{n.record.Subject.Service}
}

// image names what verdicts are about, or what else has an order of its own.
func (n notice) image() string {
	switch n.event {
	case OverrideEvent:
		return key(string(n.event), n.override.ID, n.override.Service, n.override.Digest)
	case StopEvent:
		return key(string(n.event), n.stop.ID)
	}
	return key(string(n.event), n.record.Subject.Service, n.record.Subject.Digest)
}

// key is the same for notices that one message may stand for.
func (n notice) key() string {
	switch n.event {
	case OverrideEvent:
		return key(n.image(), string(n.override.Decision), ended(n.override.Revoked))
	case StopEvent:
		return key(n.image(), ended(n.stop.Until))
	}
	return key(n.image(), string(n.record.Decision))
}

func ended(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "ended"
}

// key joins names so that no two lists have the same.
func key(names ...string) string {
	var b strings.Builder
	for _, s := range names {
		b.WriteString(strings.NewReplacer("%", "%25", "/", "%2F").Replace(s))
		b.WriteByte('/')
	}
	return b.String()
}
