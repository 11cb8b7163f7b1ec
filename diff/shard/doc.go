// Package shard spreads one diff-run over several workers.
//
// A [Plan] fixes what is run: a window of a Kafka topic, divided into chunks of
// so many offsets, the sides, and the texts of all rules. Each [Worker] takes
// partitions of the window through a consumer group and works through their
// chunks in order: it sends the exchanges, judges the outcomes, and stores the
// counts of the chunk as one object under the chunk's own name. [Merge] adds the
// objects up to one report.
//
// Every exchange is counted once by construction: a chunk is stored whole or not
// at all, the first who stores it wins, and the merge takes each name once. What
// a worker had done of a chunk when it was killed is not stored, and the chunk
// is done again by another. So some requests may be sent twice, which no
// accounting can prevent; [Result.Resent] bounds how many.
package shard
