// Package capture is the domain of recorded traffic: the [Exchange] and the
// streams that carry it.
//
// Everything that records implements [Source], everything that keeps
// implements [Sink], and [Copy] joins the two. Each stage counts what it saw in
// [Stats] that balance, so that nothing is lost without a number; the stages of
// a whole run form an [Account].
//
// The package depends on the standard library alone.
package capture
