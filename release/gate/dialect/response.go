package dialect

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"time"

	"twinspect.dev/release"
)

const (
	textType = "text/plain; charset=utf-8"
	jsonType = "application/json"
)

// Response is what is to be written to the tool.
type Response struct {
	Status int
	Type   string // of the content
	Body   []byte
}

func text(status int, sentence string) Response {
	return Response{Status: status, Type: textType, Body: []byte(sentence + "\n")}
}

// encoded is v as JSON. What the package encodes holds no value that cannot be.
func encoded(status int, v any) Response {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // people read it in terminals, no browser takes it for HTML
	if err := enc.Encode(v); err != nil {
		return text(http.StatusInternalServerError, "the answer cannot be written as JSON")
	}
	return Response{Status: status, Type: jsonType, Body: body.Bytes()}
}

// Fault returns the verdict of a gate that cannot tell: a hold that admits no traffic.
// texts say why in sentences, without secrets.
func Fault(s release.Subject, at time.Time, texts ...string) *release.Verdict {
	if len(texts) == 0 {
		texts = []string{"the gate has no verdict"}
	}
	v := &release.Verdict{
		Schema: release.VerdictSchema, Version: release.VerdictVersion,
		Decision: release.Hold, Subject: s, At: at,
	}
	for _, t := range texts {
		v.Reasons = append(v.Reasons, release.Reason{
			Code: release.Faulty, Decision: release.Hold, Text: t,
			Change: "the gate is asked again, and answers once it can",
		})
	}
	return v
}

// decision is that of the verdict; none, or one that is not known, holds.
func decision(v *release.Verdict) release.Decision {
	if v == nil {
		return release.Hold
	}
	switch v.Decision {
	case release.Promote, release.Rollback:
		return v.Decision
	}
	return release.Hold
}

// score is the decision as a number that grows with what is good.
func score(v *release.Verdict) int { return 1 - decision(v).Rank() }

// maxWeight is that of the verdict as a share; what is no share admits nothing, and nor
// does a decision that is not known.
func maxWeight(v *release.Verdict) float64 {
	if v == nil || math.IsNaN(v.MaxWeight) || v.MaxWeight <= 0 || v.Decision != release.Promote && v.Decision != release.Hold {
		return 0
	}
	return min(v.MaxWeight, 1)
}

// admits reports whether the release may have more traffic, where weight is the most
// that it will have, 0 where it was not told. What is held may grow as far as the verdict
// says, or evidence that is made of the traffic would never be complete.
func admits(v *release.Verdict, weight float64) bool {
	most := maxWeight(v)
	switch decision(v) {
	case release.Promote:
		return weight <= most || weight == 0
	case release.Hold:
		return weight > 0 && weight <= most
	}
	return false
}
