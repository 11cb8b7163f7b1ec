package diff

// SelfCheck says how blind a run is: answers of branch were changed on purpose,
// one at a time, and judged as the run judges.
type SelfCheck struct {
	// Answers is how many real answers were changed, Mutations in how many ways.
	// Of these Proven would have been a regression had all answers changed so,
	// Suspected a suspect, and Missed neither. They add up.
	Answers   uint64 `json:"answers"`
	Mutations uint64 `json:"mutations"`
	Proven    uint64 `json:"proven"`
	Suspected uint64 `json:"suspected"`
	Missed    uint64 `json:"missed"`
	// MaxMissed is the share that may be missed before the run is too blind for a
	// pass.
	MaxMissed float64 `json:"max_missed"`
	// Untried answers were sampled and not changed, as the time was spent.
	Untried    uint64               `json:"untried,omitempty"`
	Operations []SelfCheckOperation `json:"operations"`
	// Blind holds the places with missed mutations, the most missed first, and
	// what blinds them.
	Blind []BlindSpot `json:"blind"`
	// MoreBlind is how many places are left out of Blind.
	MoreBlind uint64 `json:"more_blind,omitempty"`
}

// MissedShare is the share of mutations that were missed, 0 where there are none.
func (s *SelfCheck) MissedShare() float64 {
	if s == nil || s.Mutations == 0 {
		return 0
	}
	return float64(s.Missed) / float64(s.Mutations)
}

// SelfCheckOperation sums up the mutations of one operation.
type SelfCheckOperation struct {
	Name      string `json:"name"`
	Mutations uint64 `json:"mutations"`
	Missed    uint64 `json:"missed"`
}

// BlindSpot is a place at which mutations were missed.
type BlindSpot struct {
	Operation string `json:"operation"`
	Place
	// Mutations are the names of those that were missed, such as "null".
	Mutations []string `json:"mutations"`
	Tried     uint64   `json:"tried"`
	Missed    uint64   `json:"missed"`
	// By names what hid them: "twinspect.yaml:12", "noise", or "comparison" where
	// the changed answer counts as equal.
	By []string `json:"by"`
}
