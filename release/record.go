package release

import "time"

// Release is one version on its way to take a service over.
type Release struct {
	ID int64 `json:"id,omitempty"` // ascending, 0 where it was not filed
	Deployment
	// Since is when it was first deployed or asked about.
	Since time.Time `json:"since"`
	// Ended is when it was promoted or rolled back for good, zero while it is open.
	Ended time.Time `json:"ended,omitzero"`
	// Last is the newest verdict, nil where none was asked for.
	Last *Verdict `json:"last,omitempty"`
}

// Record is a verdict as it was given. Equal verdicts that follow each other are one
// record: Asked counts them.
type Record struct {
	Verdict
	ID    int64     `json:"id"` // ascending
	Asked uint64    `json:"asked"`
	Last  time.Time `json:"last"` // when it was last given
}

// AuditEntry says who did what. Entries are never changed.
type AuditEntry struct {
	ID int64     `json:"id"` // ascending
	At time.Time `json:"at"`
	// Who is the name of the token or the certificate; "" is nobody who is known.
	Who string `json:"who"`
	// Action is such as "override" or "evidence.push", Service what it was done to.
	Action  string `json:"action"`
	Service string `json:"service,omitempty"`
	// Object is the ID of what it was done to, Detail a sentence.
	Object string `json:"object,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Refused says that it was not allowed.
	Refused bool `json:"refused,omitempty"`
}
