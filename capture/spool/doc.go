// Package spool keeps exchanges while the broker is away, and never holds the
// recorder up.
//
// A [Sink] takes exchanges into a queue in memory and ships them in batches to
// a [Producer]. When the broker is away, answers too slowly for the queue, or
// does not answer at all, what waits goes to a folder on disk; once the broker
// is back the folder is shipped, oldest first, and then the queue again.
//
// # Order
//
// Exchanges are shipped in the order in which they were written: nothing newer
// is tried while something older waits. Only a producer that takes some of a
// batch and fails others changes the order, within that batch.
//
// # Bounds
//
// Where neither the queue nor the disk has room, the newest exchange is
// dropped: what was recorded before stays whole, so that the sessions in it can
// be replayed up to one known moment. To drop the oldest would tear a hole of a
// whole segment into the evidence, and cost disk writes that are then thrown
// away. What was dropped is counted under the reason why there was no room.
//
// # The folder
//
// It holds segments in the .twin form of package archive, named by age
// (sequence number, time, and once it is full the number of exchanges), a lock,
// and a ledger. Each exchange that the folder was given has left the process
// within Config.Linger, so that a killed process loses no more than what had
// not been put there; the loss of power may cost what the kernel had not yet
// written.
//
// # The account over restarts
//
// The ledger holds the counts and the place up to which the oldest segment was
// shipped, in pages that outlive the process. The account goes on from there:
// over all processes that used the folder, seen = written + dropped + open.
// What was in memory when a process was killed is counted as dropped under
// [ReasonCrash]; that is an upper bound, since the one batch that was on its
// way may have arrived. What is shipped again after a restart has the identity
// it had before, and is counted as written once.
package spool
