package dialect

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// Hook is the type of a webhook of Flagger. The body of a call does not name it, so
// it stands in the path that the webhook is configured with.
type Hook string

// The hooks, in the order in which a canary meets them.
const (
	ConfirmRollout         Hook = "confirm-rollout"
	PreRollout             Hook = "pre-rollout"
	Rollout                Hook = "rollout"
	ConfirmTrafficIncrease Hook = "confirm-traffic-increase"
	ConfirmPromotion       Hook = "confirm-promotion"
	PostRollout            Hook = "post-rollout"
	RollbackHook           Hook = "rollback"
	EventHook              Hook = "event"
)

// Hooks are all of them.
var Hooks = []Hook{ConfirmRollout, PreRollout, Rollout, ConfirmTrafficIncrease, ConfirmPromotion, PostRollout, RollbackHook, EventHook}

// ParseHook reads the type of a hook from the last part of a path.
func ParseHook(name string) (Hook, error) {
	if h := Hook(name); slices.Contains(Hooks, h) {
		return h, nil
	}
	words := make([]string, len(Hooks))
	for i, h := range Hooks {
		words[i] = string(h)
	}
	name = short(name, 40)
	return "", fmt.Errorf("no hook of Flagger is called %q%s; end the path of the webhook with its type: %s", name, rulefile.DidYouMean(name, words), rulefile.OneOf(words))
}

// Phase is that of a canary of Flagger.
type Phase string

// The phases of pkg/apis/flagger/v1beta1/status.go.
const (
	Initializing     Phase = "Initializing"
	Initialized      Phase = "Initialized"
	Waiting          Phase = "Waiting"
	Progressing      Phase = "Progressing"
	WaitingPromotion Phase = "WaitingPromotion"
	Promoting        Phase = "Promoting"
	Finalising       Phase = "Finalising"
	Succeeded        Phase = "Succeeded"
	Failed           Phase = "Failed"
	Terminating      Phase = "Terminating"
	Terminated       Phase = "Terminated"
)

// IsOver reports whether the canary came to its end, which post-rollout hooks tell:
// with success, or without.
func (p Phase) IsOver() (over, succeeded bool) {
	return p == Succeeded || p == Failed, p == Succeeded
}

// MaxFlagger is the greatest body of a webhook in bytes. Names have at most 253 each,
// and the metadata is a part of a Canary object, which etcd bounds at 1.5 MiB; nobody
// writes a tenth of that.
const MaxFlagger = 128 << 10

// FlaggerCall is the body of a webhook. Its metadata is what the webhook was configured
// with, beside what Flagger adds to that of events.
type FlaggerCall struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Phase     Phase             `json:"phase"`
	Checksum  string            `json:"checksum"`
	Metadata  map[string]string `json:"metadata"`

	weight float64
}

// ParseFlagger reads the body of a webhook. Keys that are not known are let be, as
// Flagger may come to send more; phases, too.
func ParseFlagger(body []byte) (*FlaggerCall, error) {
	if len(body) > MaxFlagger {
		return nil, fmt.Errorf("the body has %d bytes, more than %d", len(body), MaxFlagger)
	}
	var c *FlaggerCall
	if err := json.Unmarshal(body, &c); err != nil || c == nil {
		return nil, errors.New("the body is not that of a webhook of Flagger: a JSON object with name, namespace, phase, checksum and metadata, which is an object of texts")
	}
	if c.Name == "" || c.Namespace == "" {
		return nil, errors.New("the body lacks the name or the namespace of the canary")
	}
	var err error
	if c.weight, err = ParseWeight(c.Metadata["weight"]); err != nil {
		return nil, fmt.Errorf("metadata of the webhook: %w", err)
	}
	return c, nil
}

// Subject is what the call asks about, by the metadata's service, digest and
// base_digest. The service is the canary's name where it is not told; the digests are
// "" where they are not, and the caller's to know.
func (c *FlaggerCall) Subject() release.Subject {
	s := release.Subject{Service: c.Metadata["service"], Digest: c.Metadata["digest"], BaseDigest: c.Metadata["base_digest"]}
	if s.Service == "" {
		s.Service = c.Name
	}
	return s
}

// Weight is the greatest share of the traffic, 0 to 1, that the canary's analysis gives
// it (its maxWeight), by the metadata's weight; 0 where it was not told. Flagger does
// not say which step comes next.
func (c *FlaggerCall) Weight() float64 { return c.weight }

// Event returns the type and the message of an event.
func (c *FlaggerCall) Event() (kind, message string) {
	return c.Metadata["eventType"], c.Metadata["eventMessage"]
}

// Answer says the verdict to the hook; weight is [FlaggerCall.Weight]. It is 200 or
// 403, and never what Flagger retries: an error of a server.
//
//	hook                      promote  hold   rollback
//	confirm-rollout           200      403*   403   waits
//	pre-rollout               200      403*   403   counts as a failed check
//	rollout                   200      200    403   counts as a failed check
//	confirm-traffic-increase  200      403*   403   waits
//	confirm-promotion         200      403    403   waits
//	rollback                  403      403    200   rolls back at once where it is 200
//	post-rollout, event       200      200    200   no more than told
//
// * 200 where the verdict's
// greatest weight covers the one that was told. A promote is 403 there, too, where the
// weight is more than the verdict's greatest.
//
// Flagger shows the body of pre-rollout, rollout and post-rollout alone. A nil verdict,
// as a gate's fault, holds.
func (h Hook) Answer(v *release.Verdict, weight float64) Response {
	status := http.StatusForbidden
	if h.accepts(v, weight) {
		status = http.StatusOK
	}
	return text(status, Sentence(v))
}

func (h Hook) accepts(v *release.Verdict, weight float64) bool {
	switch h {
	case ConfirmRollout, PreRollout, ConfirmTrafficIncrease:
		return admits(v, weight)
	case Rollout:
		return decision(v) != release.Rollback
	case ConfirmPromotion:
		return decision(v) == release.Promote
	case RollbackHook:
		return decision(v) == release.Rollback
	case PostRollout, EventHook:
		return true
	}
	return false
}

// BadCall answers a call that cannot be understood, whatever its hook: 400, which
// approves nothing and does not roll back by itself. As a rollout hook it counts as a
// failed check, whose text Flagger shows: a mistake in a webhook is seen, and no
// verdict is made up for it.
func BadCall(err error) Response {
	return text(http.StatusBadRequest, clip("the gate cannot understand this call: "+err.Error(), maxSentence))
}
