package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"twinspect.dev/release"
)

// Schema names the JSON that a webhook gets, SchemaVersion its version.
const (
	Schema        = "twinspect.dev/notification"
	SchemaVersion = "1.0"
)

// maxBodyOfWebhook bounds the JSON of a notification: reasons of some hundred bytes
// make a hundred KiB for a policy of hundreds of operations. Gateways take 1 MiB.
const maxBodyOfWebhook = 512 << 10

// Notification is the JSON that a webhook gets.
type Notification struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
	// ID is the same whenever it is tried.
	ID    string    `json:"id"`
	Event Event     `json:"event"`
	At    time.Time `json:"at"`
	// Count is how many equal ones this stands for, and Missed how many others were lost
	// since the last notification that got through.
	Count  uint64 `json:"count"`
	Missed uint64 `json:"missed,omitempty"`
	// MoreReasons is how many reasons of the verdict are left out.
	MoreReasons int               `json:"more_reasons,omitempty"`
	Verdict     *release.Record   `json:"verdict,omitempty"`
	Override    *release.Override `json:"override,omitempty"`
	Stop        *release.Stop     `json:"stop,omitempty"`
}

func composeWebhook(d *Destination, l *letter, _ *message, now time.Time) request {
	n := Notification{Schema: Schema, Version: SchemaVersion, ID: l.id, Event: l.event, At: l.at.UTC(), Count: l.count, Missed: l.missed}
	switch l.event {
	case OverrideEvent:
		n.Override = &l.override
	case StopEvent:
		n.Stop = &l.stop
	default:
		n.Verdict = &l.record
	}
	r := request{body: n.encode(), header: d.header()}
	r.header.Set("X-Twinspect-Event", string(l.event))
	r.header.Set("X-Twinspect-Delivery", l.id)
	if d.Sign != "" {
		timestamp := strconv.FormatInt(now.Unix(), 10)
		r.header.Set("X-Twinspect-Timestamp", timestamp)
		r.header.Set("X-Twinspect-Signature", signWebhook(d.Sign, timestamp, r.body))
	}
	return r
}

// encode leaves out reasons, half of those that are left each time, until there is room.
func (n Notification) encode() []byte {
	body := encode(n)
	if n.Verdict == nil {
		return body
	}
	record := *n.Verdict
	n.Verdict = &record
	for len(body) > maxBodyOfWebhook && len(record.Reasons) > 0 {
		keep := len(record.Reasons) / 2
		n.MoreReasons += len(record.Reasons) - keep
		record.Reasons = record.Reasons[:keep]
		body = encode(n)
	}
	return body
}

func signWebhook(secret Secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}
