package kafka

// The codecs of a batch (Kafka protocol guide, "Record Batch", attributes).
const (
	codecNone = iota
	codecGzip
	codecSnappy
	codecLZ4
	codecZstd
)
