// Package har reads and writes HAR 1.2 files (the HTTP Archive format of
// http://www.softwareishard.com/blog/har-12-spec/), entry by entry, so that
// memory does not grow with the file.
//
// # What HAR cannot hold
//
// HAR has no place for the raw target, trailers, interim answers, the bytes of
// an encoded body, or where an exchange was seen. These stand in a custom field
// "_twinspect" of the entry, as far as the standard fields do not give them, so
// that an exchange read back is the same in every field. The standard fields
// count: what another tool changes in them is read, except where "_twinspect"
// overrides the field.
//
// # Files of other programs
//
// An entry without "_twinspect" comes from a browser or a proxy and is read as
// follows.
//   - The body of a response is given decoded. Content-Encoding, Content-Length
//     and Transfer-Encoding would no longer be true and are taken out of the
//     header; the account counts such bodies as "content-decoded".
//   - HTTP/2 pseudo-header fields are no fields: they are taken out, and
//     :authority becomes Host where there is none.
//   - Status 0 means that no response was seen. A body that is only given by
//     its size is incomplete, with the reason body-limit.
//   - WebSocket messages are counted by the account and left out.
//   - The page is the session, so that its exchanges keep their order.
package har
