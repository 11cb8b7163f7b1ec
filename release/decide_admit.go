package release

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// standing says how far a piece of evidence got; the later, the nearer it is to count.
type standing int

const (
	otherImage standing = iota
	otherBase
	unsigned
	stale
	future
	admitted
)

// when is the time of evidence. What ended after it was filed has a clock that is
// wrong, and does not gain by it.
func (e *Evidence) when() time.Time {
	if !e.Received.IsZero() && e.Received.Before(e.Ended) {
		return e.Received
	}
	return e.Ended
}

// admit says whether evidence of the requirement's kind and of the service may count.
func (j *judge) admit(r *Requirement, e *Evidence) standing {
	q := &j.asked.Question
	switch {
	case e.Subject.Digest != q.Subject.Digest:
		return otherImage
	case !r.takesBase(e.Subject.BaseDigest, q.Subject.BaseDigest):
		return otherBase
	case r.Signed && !r.signedBy(e.Signer):
		return unsigned
	case j.early(e):
		return future
	case e.Ended.IsZero() || r.MaxAge > 0 && !q.At.Before(e.when().Add(r.MaxAge)):
		return stale
	}
	return admitted
}

func (r *Requirement) takesBase(compared, running string) bool {
	switch {
	case r.AnyBase || running == "" || compared == running:
		return true
	case r.Kind == Diff || r.Kind == Canary:
		return false
	}
	return compared == ""
}

func (r *Requirement) signedBy(signer string) bool {
	return signer != "" && (len(r.Signers) == 0 || slices.Contains(r.Signers, signer))
}

// early reports whether evidence comes from later than can be: it ended, or was filed,
// later than now, or ended later than it was filed.
func (j *judge) early(e *Evidence) bool {
	now := j.asked.At.Add(j.policy.Skew)
	return e.Ended.After(now) || e.Received.After(now) || !e.Received.IsZero() && e.Ended.After(e.Received.Add(j.policy.Skew))
}

// newer orders evidence from the newest to the oldest.
func newer(a, b *Evidence) int {
	return cmp.Or(b.when().Compare(a.when()), cmp.Compare(b.ID, a.ID))
}

// apart orders evidence that newer does not tell apart by what a reason tells of it.
func apart(a, b *Evidence) int {
	return cmp.Or(newer(a, b), cmp.Compare(a.Subject.Digest, b.Subject.Digest),
		cmp.Compare(a.Subject.BaseDigest, b.Subject.BaseDigest), cmp.Compare(a.Signer, b.Signer), a.Ended.Compare(b.Ended))
}

// lacking says why no evidence counts for a requirement: by the piece that came
// nearest, nil where there is none.
func (j *judge) lacking(r *Requirement, e *Evidence, s standing) Reason {
	reason := Reason{Code: Missing, Decision: Hold, Kind: r.Kind, Line: r.Line,
		Text:   fmt.Sprintf("there is no evidence of %s for the image %s", words[r.Kind].name, clip(j.asked.Subject.Digest)),
		Change: j.again(r.Kind)}
	if e == nil {
		return reason
	}
	reason.Evidence = e.ID
	switch s {
	case otherImage:
		reason.Code = Foreign
		reason.Text += fmt.Sprintf("; what there is was gathered of %s", orNone(e.Subject.Digest))
	case otherBase:
		reason.Code = Foreign
		reason.Text = fmt.Sprintf("%s was gathered against the base %s, and %s is running",
			words[r.Kind].name, orNone(e.Subject.BaseDigest), clip(j.asked.Subject.BaseDigest))
	case unsigned:
		reason.Code = Unsigned
		reason.Text = fmt.Sprintf("%s is not signed by %s; its signer is %s", words[r.Kind].name, signersOf(r), orNone(e.Signer))
		reason.Change = "sign the evidence with that key and push it"
	case stale:
		reason.Code = Stale
		reason.Text = fmt.Sprintf("%s is of %s, and the policy takes none that is %s old", words[r.Kind].name, moment(e.when()), r.MaxAge)
	case future:
		return j.ahead(r, e)
	}
	return reason
}

// admissible notes when evidence that is ahead of its time will not be. What ended later
// than it was filed always is.
func (j *judge) admissible(e *Evidence) {
	if e.Received.IsZero() || !e.Ended.After(e.Received.Add(j.policy.Skew)) {
		j.turns(e.Ended.Add(-j.policy.Skew))
		j.turns(e.Received.Add(-j.policy.Skew))
	}
}

// ahead tells of evidence whose clock, or ours, is wrong.
func (j *judge) ahead(r *Requirement, e *Evidence) Reason {
	return Reason{Code: Future, Decision: Hold, Kind: r.Kind, Evidence: e.ID, Line: r.Line,
		Text:   fmt.Sprintf("%s ended at %s, later than it can have: a clock is wrong", words[r.Kind].name, moment(e.Ended)),
		Change: "set the clocks right, then " + j.again(r.Kind)}
}

func signersOf(r *Requirement) string {
	if len(r.Signers) == 0 {
		return "a trusted key"
	}
	return clip(strings.Join(r.Signers, " or "))
}
