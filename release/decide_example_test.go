package release_test

import (
	"fmt"
	"time"

	"twinspect.dev/release"
)

// A comparison that proved a regression rolls back, though the contract holds.
func ExampleDecide() {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	policy := &release.Policy{
		Name: "catalog", Services: []string{"catalog"},
		Requirements: []release.Requirement{
			{Kind: release.Diff, MaxAge: 24 * time.Hour, MinSamples: 1000, MaxLost: 0.01},
			{Kind: release.Provider, MaxAge: 7 * 24 * time.Hour},
		},
	}
	subject := release.Subject{Service: "catalog", Digest: "sha256:9f86", BaseDigest: "sha256:60c5"}
	verdict := release.Decide(policy, release.Case{
		Question: release.Question{Subject: subject, At: at},
		Evidence: []release.Evidence{
			{ID: "sha256:a1", Kind: release.Diff, Subject: subject, Ended: at.Add(-time.Hour), Outcome: release.Fail, Samples: 4000,
				Operations: []release.Operation{{Name: "GET /products/{id}", Samples: 4000, Regressions: 1, Texts: []string{"$.price removed in 37 of 4000 answers"}}}},
			{ID: "sha256:b2", Kind: release.Provider, Subject: subject, Ended: at.Add(-time.Hour), Outcome: release.Pass, Samples: 250},
		},
	})
	fmt.Println(verdict.Decision)
	for _, r := range verdict.Reasons {
		fmt.Printf("%s (%s): %s\n", r.Code, r.Evidence, r.Text)
	}
	// Output:
	// rollback
	// failed (sha256:a1): 1 regression in GET /products/{id}, 0 let through: $.price removed in 37 of 4000 answers
	// passed (sha256:b2): the provider contract passed: 250 cases
}
