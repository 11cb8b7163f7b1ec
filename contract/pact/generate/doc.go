// Package generate makes the values that a Pact file leaves to the moment at which an
// interaction is sent (Pact specification version 3 and 4, "generators").
//
// Values come from the given source of chance and the given time alone, so that a run
// can be made again. Text that dates and times are written in are patterns of Java's
// DateTimeFormatter (https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html).
package generate
