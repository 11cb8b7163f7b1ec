package dialect

import (
	"net/http"
	"time"

	"twinspect.dev/release"
)

// Bounds of an answer in JSON. Argo Rollouts keeps the whole answer as the value of a
// measurement, ten of them for a metric (analysis.DefaultMeasurementHistoryLimit), in
// one object of at most 1.5 MiB. Ten reasons of two texts and an ID make 8 KiB with the
// rest, twice that where all of it is escaped.
const (
	maxReasons = 10
	maxText    = 300
	maxID      = len("sha256:") + 64
)

// Answer is the verdict for tools that look into JSON by an expression. Each of its
// keys but until and override is always there: an expression that names a missing key
// is an error.
type Answer struct {
	Verdict release.Decision `json:"verdict"`
	// One of the three is true.
	Promote  bool `json:"promote"`
	Hold     bool `json:"hold"`
	Rollback bool `json:"rollback"`
	// Score is 1, 0 or -1 in the same order.
	Score int `json:"score"`
	// MaxWeight is the greatest share of the traffic, 0 to 1, and MaxPercent the same
	// in whole percents, rounded down, as weights are set.
	MaxWeight  float64 `json:"max_weight"`
	MaxPercent int     `json:"max_percent"`
	Service    string  `json:"service"`
	Digest     string  `json:"digest"`
	BaseDigest string  `json:"base_digest"`
	Policy     string  `json:"policy"`
	// Summary says all of it in a line.
	Summary string       `json:"summary"`
	Reasons []WhyVerdict `json:"reasons"`
	// More counts the reasons that were left out.
	More     int       `json:"more_reasons"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until,omitzero"`
	Override string    `json:"override,omitempty"` // by whom
}

// WhyVerdict is a reason in an [Answer].
type WhyVerdict struct {
	Code     release.Code     `json:"code"`
	Decision release.Decision `json:"decision"`
	Kind     release.Kind     `json:"kind"`
	Evidence string           `json:"evidence"`
	Text     string           `json:"text"`
	Change   string           `json:"change"`
}

// NewAnswer says the verdict for tools that look into JSON. A nil verdict holds.
func NewAnswer(v *release.Verdict) Answer {
	if v == nil {
		v = Fault(release.Subject{}, time.Time{})
	}
	d := decision(v)
	a := Answer{
		Verdict: d, Promote: d == release.Promote, Hold: d == release.Hold, Rollback: d == release.Rollback,
		Score: score(v), MaxWeight: maxWeight(v), MaxPercent: percent(maxWeight(v)),
		Service: short(v.Subject.Service, maxText), Digest: short(v.Subject.Digest, maxText), BaseDigest: short(v.Subject.BaseDigest, maxText),
		Policy: short(v.Policy.Name, maxText), Summary: Sentence(v), Reasons: []WhyVerdict{}, At: v.At, Until: v.Until,
	}
	for _, r := range v.Reasons[:min(len(v.Reasons), maxReasons)] {
		a.Reasons = append(a.Reasons, WhyVerdict{
			Code: r.Code, Decision: r.Decision, Kind: r.Kind, Evidence: short(r.Evidence, maxID),
			Text: clip(r.Text, maxText), Change: clip(r.Change, maxText),
		})
	}
	a.More = len(v.Reasons) - len(a.Reasons)
	if v.Override != nil {
		a.Override = short(v.Override.By, maxText)
	}
	return a
}

// percent rounds down, but not what is a whole percent but for how floats are added:
// 0.29 is 29.
func percent(share float64) int { return int(share*100 + 1e-9) }

// Argo answers the web metric of Argo Rollouts. It is always 200: any other status is
// an error of the measurement, and five in a row, which take 50 seconds by default,
// abort the rollout.
//
// The metric needs both of
//
//	successCondition: result.verdict == "promote"
//	failureCondition: result.verdict == "rollback"
//
// With one of them alone a hold counts as the other, and with none as a success.
func Argo(v *release.Verdict) Response { return encoded(http.StatusOK, NewAnswer(v)) }

// Kargo answers the http step of Kargo. With
//
//	successExpression: response.body.verdict == "promote"
//	failureExpression: response.body.verdict == "rollback"
//
// the status does not matter and a hold is asked again. Without them the status alone
// decides, so 200 is for promote only: 409 for hold, which is asked again, and 403 for
// rollback.
func Kargo(v *release.Verdict) Response {
	status := http.StatusConflict
	switch decision(v) {
	case release.Promote:
		status = http.StatusOK
	case release.Rollback:
		status = http.StatusForbidden
	}
	return encoded(status, NewAnswer(v))
}
