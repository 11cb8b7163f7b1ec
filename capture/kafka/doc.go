// Package kafka keeps recorded exchanges in a topic of Apache Kafka and reads
// them back: [Producer] and [Sink] write, [Source] reads a window of the topic
// that is fixed when it is opened, alone or as one worker of a consumer group.
//
// A record's value is the message Exchange of twin.proto, its key the session
// key, so that a session keeps its order within one partition, and its
// timestamp (CreateTime) the start of the request. A topic should have
// message.timestamp.type=CreateTime, or windows by time follow the time of
// writing; and its retention.ms counts from the recorded time, so an old
// recording that is published again may expire at once.
//
// Delivery is at least once: writing waits for all in-sync replicas and is
// repeated when the answer is lost, reading in a group is repeated when a worker
// dies. A reader drops what it has seen before by the exchange's ID.
//
// Of transactions only what was committed is read. Batches of any codec are
// unpacked up to [SourceOptions.MaxBatch]; what is above it, damaged or in a
// message format before that of Kafka 0.11 is dropped, counted and told as a
// [capture.RecordError] with its offset.
package kafka
