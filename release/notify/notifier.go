package notify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/release"
)

// drainTime bounds how long what is still here is sent after the end.
const drainTime = 5 * time.Second

// Options are what a Notifier needs beside its destinations.
type Options struct {
	// URL is where people reach the server, for links; "" makes messages without.
	URL string
	Log *slog.Logger // nil is none
	// Transport sends the requests; nil is one of its own.
	Transport http.RoundTripper
	// Now is the clock, nil the real one.
	Now func() time.Time
}

// Notifier tells people of verdicts, overrides and stops. Its methods may be called
// from many goroutines at once, and none but Run waits for anything.
type Notifier struct {
	base   *url.URL
	log    *slog.Logger
	client *http.Client
	now    func() time.Time
	idle   func() // closes the connections of its own transport

	mu      sync.Mutex
	lines   []*outlet
	gone    capture.Stats // of destinations that are no longer there
	running context.Context
	cut     context.Context
	ended   bool
	senders sync.WaitGroup
}

// New returns a Notifier for the destinations of c, nil for none. It sends once Run is
// called.
func New(c *Config, o Options) *Notifier {
	n := &Notifier{log: o.Log, now: o.Now, idle: func() {}}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if n.now == nil {
		n.now = time.Now
	}
	if o.Transport == nil {
		t := transport()
		o.Transport, n.idle = t, t.CloseIdleConnections
	}
	n.client = client(o.Transport)
	n.base = baseOf(o.URL)
	if n.base == nil && o.URL != "" {
		n.log.Warn("messages have no links, as the URL of the server is none of http or https")
	}
	n.Reload(c)
	return n
}

// baseOf returns the URL that links begin with, nil for none.
func baseOf(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u
}

// Verdict tells of a verdict.
func (n *Notifier) Verdict(r release.Record) {
	r.Reasons = slices.Clone(r.Reasons)
	n.tell(notice{event: VerdictEvent, at: r.At, record: r})
}

// Override tells of an override, or that it was revoked.
func (n *Notifier) Override(o release.Override) {
	at := o.From
	if !o.Revoked.IsZero() {
		at = o.Revoked
	}
	n.tell(notice{event: OverrideEvent, at: at, override: o})
}

// Stop tells of a stop, or that it ended.
func (n *Notifier) Stop(s release.Stop) {
	at := s.From
	if !s.Until.IsZero() {
		at = s.Until
	}
	s.Services = slices.Clone(s.Services)
	n.tell(notice{event: StopEvent, at: at, stop: s})
}

func (n *Notifier) tell(x notice) {
	if x.at.IsZero() {
		x.at = n.now()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.lines {
		l.offer(x, n.now(), n.ended)
	}
}

// Reload takes other destinations. What waits for one whose name remains goes where the
// new one says; what waits for one that is gone is dropped.
func (n *Notifier) Reload(c *Config) {
	if c == nil {
		c = &Config{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	old := make(map[string]*outlet, len(n.lines))
	for _, l := range n.lines {
		old[l.name] = l
	}
	n.lines = nil
	for _, d := range c.To {
		l := old[d.Name]
		if delete(old, d.Name); l == nil {
			l = newOutlet(n, d)
			n.start(l)
		}
		l.aim(d)
		n.lines = append(n.lines, l)
	}
	for _, l := range old {
		l.remove()
		n.gone.Add(l.account())
	}
}

// start sends from an outlet while Run does.
func (n *Notifier) start(l *outlet) {
	if n.running != nil && !n.ended {
		ctx, cut := n.running, n.cut
		n.senders.Go(func() { l.run(ctx, cut) })
	}
}

// Run sends until ctx ends, and then, for at most five seconds, what is still here. It
// is called once.
func (n *Notifier) Run(ctx context.Context) {
	cut, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	n.mu.Lock()
	n.running, n.cut = ctx, cut
	for _, l := range n.lines {
		n.start(l)
	}
	n.mu.Unlock()
	<-ctx.Done()
	timer := time.AfterFunc(drainTime, stop)
	defer timer.Stop()
	n.mu.Lock()
	n.ended = true // no sender begins anymore, and none is waited for that has not begun
	n.mu.Unlock()
	n.senders.Wait()
	n.idle()
}

// Account counts what was told, by destination, in notices.
func (n *Notifier) Account() capture.Account {
	n.mu.Lock()
	defer n.mu.Unlock()
	var a capture.Account
	for _, l := range n.lines {
		a = append(a, capture.Stage{Name: "notify " + l.name, Unit: "notices", Stats: l.account()})
	}
	if n.gone.Seen > 0 {
		a = append(a, capture.Stage{Name: "notify, removed", Unit: "notices", Stats: n.gone.Clone()})
	}
	return a
}

// newID returns what tells a letter from another.
func newID() string { return "nt_" + strings.ToLower(rand.Text()) }
