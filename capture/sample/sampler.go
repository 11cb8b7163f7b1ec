package sample

import (
	"math"
	"time"

	"twinspect.dev/capture"
)

// The reasons under which exchanges are filtered.
const (
	// SampledOut: the session was not chosen, and the operation had its quota.
	SampledOut capture.Reason = "sampled-out"
	// Limit: the configuration would have kept it, the governor's factor did
	// not.
	Limit capture.Reason = "limit"
	// Overflow: the session was not chosen, and the operation was one too many
	// to have a quota.
	Overflow capture.Reason = "operation-overflow"
)

// Decision says whether an exchange is kept, and what decided it.
type Decision uint8

// The decisions; the first three keep the exchange.
const (
	// Chosen: the session is in the share that is kept.
	Chosen Decision = iota + 1
	// ByQuota: the operation has not had its quota.
	ByQuota
	// Followed: an earlier exchange of the session was kept by a quota.
	Followed
	notChosen
	limited
	overflowed
)

// Kept reports whether the exchange is kept.
func (d Decision) Kept() bool { return d == Chosen || d == ByQuota || d == Followed }

// Reason returns what the exchange is filtered under; "" where it is kept.
func (d Decision) Reason() capture.Reason {
	switch d {
	case limited:
		return Limit
	case overflowed:
		return Overflow
	case notChosen:
		return SampledOut
	}
	return ""
}

// Sampler decides which exchanges are kept.
//
// A session is chosen by a hash of its key, so all of it is kept or none, on
// every agent, and what a lower rate keeps a higher one keeps too. When the rate
// is lowered, the sessions that fall out end where they are, and those that
// remain have been whole from their beginning; when it is raised, the new ones
// begin in their middle.
//
// An operation that has not had its quota in the window brings its session with
// it: Config.Follow further exchanges of that session are kept, which count
// towards the quotas of their own operations.
//
// The factor, 1 at first, stands for the limits of the recorder. It multiplies
// the rate and the quotas, and thins out by session what the quotas keep.
//
// Memory is bounded by Config.MaxOperations and a fixed number of followed
// sessions. A Sampler is used by one goroutine at a time.
type Sampler struct {
	cfg    Config
	factor float64
	basis  uint64 // of the hash: the salt's
	// Thresholds of [below]: the rate alone, with the factor, the factor alone.
	asked, chosen, allowed uint64
	quota                  uint32 // with the factor
	window                 int64  // counted in Config.Window from 1970
	kept                   map[uint64]uint32
	followed               followed
}

// NewSampler returns a sampler with a factor of 1.
func NewSampler(cfg Config) *Sampler {
	s := &Sampler{factor: 1, kept: make(map[uint64]uint32)}
	s.SetConfig(cfg)
	return s
}

// SetConfig makes cfg hold from the next exchange on. The counts of the quotas
// and the sessions that are followed are kept unless Salt or Window changes.
func (s *Sampler) SetConfig(cfg Config) {
	cfg = cfg.withDefaults()
	if cfg.Salt != s.cfg.Salt || cfg.Window != s.cfg.Window {
		clear(s.kept)
		s.followed.clear()
	}
	s.cfg = cfg
	s.basis = hash(fnvBasis, cfg.Salt)
	s.derive()
}

// SetFactor sets what the limits of the recorder leave of the configuration,
// from 0 to 1; see [Governor.Observe].
func (s *Sampler) SetFactor(factor float64) {
	s.factor = share(factor)
	s.derive()
}

func (s *Sampler) derive() {
	s.asked = uint64(s.cfg.Rate * unit)
	s.chosen = uint64(s.cfg.Rate * s.factor * unit)
	s.allowed = uint64(s.factor * unit)
	s.quota = uint32(min(math.Ceil(float64(s.cfg.Quota)*s.factor), math.MaxUint32))
}

// Keep decides about an exchange of the session key and the operation op, which
// began at the time at.
func (s *Sampler) Keep(key, op string, at time.Time) Decision {
	h := hash(s.basis, key)
	if d, decided := s.bySession(h); decided {
		return d
	}
	return s.byOperation(h, hash(s.basis, op), at)
}

// bySession decides where the operation does not matter.
func (s *Sampler) bySession(h uint64) (Decision, bool) {
	switch {
	case below(h, s.chosen):
		return Chosen, true
	case s.cfg.Quota > 0:
		return 0, false
	case below(h, s.asked):
		return limited, true
	}
	return notChosen, true
}

// byOperation decides where the session was not chosen. What the rate alone
// would have kept is lost to the factor, whatever the quotas say.
func (s *Sampler) byOperation(h, op uint64, at time.Time) Decision {
	s.turn(at)
	d := s.byQuota(h, op)
	if !d.Kept() && below(h, s.asked) {
		return limited
	}
	return d
}

func (s *Sampler) byQuota(h, op uint64) Decision {
	n, known := s.kept[op]
	// A second mix makes this share independent of the one that is chosen.
	allowed := below(mix(h), s.allowed)
	if s.followed.take(h, allowed) {
		if !allowed {
			return limited
		}
		s.count(op, n, known)
		return Followed
	}
	switch {
	case !known && len(s.kept) >= s.cfg.MaxOperations:
		return overflowed
	case int64(n) >= int64(s.cfg.Quota):
		return notChosen
	case n >= s.quota || !allowed:
		return limited
	}
	s.count(op, n, known)
	s.followed.add(h, s.cfg.Follow)
	return ByQuota
}

func (s *Sampler) count(op uint64, n uint32, known bool) {
	if (known || len(s.kept) < s.cfg.MaxOperations) && n < math.MaxUint32 {
		s.kept[op] = n + 1
	}
}

// turn begins the window of the exchange. Exchanges are given in the order in
// which they end, so one of the window before belongs to a turn that is over and
// counts in this one; a clock that went back further begins anew. An exchange
// without a time belongs to any window.
func (s *Sampler) turn(at time.Time) {
	if at.IsZero() {
		return
	}
	w := at.UnixNano() / int64(s.cfg.Window)
	if w != s.window && w != s.window-1 {
		clear(s.kept)
		s.window = w
	}
}
