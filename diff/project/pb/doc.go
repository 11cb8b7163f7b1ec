// Package pb writes bodies of Protocol Buffers and gRPC as JSON, so that two of
// them can be compared by their structure.
//
// # With descriptors
//
// A message is an object whose members have the names of the .proto file.
// Integers of every width are numbers, bytes are base64, enums their names,
// maps objects, extensions "[pkg.name]"; NaN and the infinities are strings.
// The well-known types have the form that protojson gives them: a Timestamp is
// RFC 3339, a Struct the JSON that it stands for, a wrapper its value, an Any its
// message with "@type" beside; where a value has no such form (a Timestamp of
// the year 20000, one with fields that nobody knows) it is an ordinary object.
// The paths of a FieldMask keep the names of the .proto file too.
//
// A field of implicit presence that has its default is left out, as it is on
// the wire; one of explicit presence is there whenever it was sent. Fields that
// were sent several times are merged as the encoding prescribes. Members stand
// in the order of their numbers, entries of maps in that of their keys: messages
// that are equal give the same bytes, in whatever order their fields came.
//
// What the descriptors do not know is never lost: field 17 is the member "#17",
// in the wire view. So is a field that was sent as another wire type than the
// descriptors tell, and a map that has entries with unknown fields.
//
// # The wire view
//
// Without descriptors a message is an object by field number, and each field an
// array, {"1":["ada"],"2":[{"1":[3]}]}: whether a field is repeated cannot be
// known, and a path must not change when a list has one element. For the same
// reason a gRPC body is an array of messages. Varints are read as int64.
//
// A length-delimited value may be a message, text, bytes or packed numbers, and
// a fixed one an integer or a float. This is decided once for all values of one
// path in both bodies together ([Descriptors.ProjectPair]), so that a reading
// never differs between the sides: a message where all of them are whole
// messages and not all of them text, text where all are UTF-8, else bytes, as
// base64. Packed numbers are told as bytes, for any bytes look like them.
//
// # Bounds
//
// Messages may be nested 100 deep, as in every implementation; a field costs 24
// bytes while its message is written, and there may be [MaxFields] of them; the
// JSON may have [MaxOutput] bytes. What passes a bound is a [*LimitError], what
// is no protobuf a [*MalformedError] with its offset.
package pb
