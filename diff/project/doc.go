// Package project turns bodies that have a structure into JSON texts, so that
// one comparison, one language of paths and one language of rules serve all
// media types. What does not carry meaning in the media type is left out or
// written in one form; everything else is there.
//
// # XML and HTML
//
// A document is an object with its root element. An element is an object of
//
//   - "@NAME": an attribute,
//   - "#ns": its namespace, where it is not its parent's,
//   - "#text": its text; where elements stand between, an array of its pieces,
//   - NAME: the elements of that name in their order, always as an array, so
//     that a second one makes no other type,
//   - "#order": the names of its elements and of "#text" in their order, where
//     there is more than one name.
//
// The text and the value attribute of an element with a name (or key) attribute
// lie below that name, which says what they are: <input name="a" value="b"> is
// {"@name": "a", "@value": {"a": "b"}}. An element that holds text alone, or
// nothing, is a string. So the price in
// <order id="7"><item><price>12</price></item></order> is
// $.order.item[0].price[0], and the id $.order['@id'].
//
// In XML, names are local ones: prefixes are not compared, namespaces are
// (Namespaces in XML 1.0). An attribute with a namespace is "@{NAMESPACE}NAME",
// or "@xml:NAME", "@xsi:NAME" and "@xlink:NAME" for the namespaces that have
// these prefixes by custom. Comments, processing instructions, the document type
// and white space between elements are left out; CDATA is text. Entities are the
// five of XML 1.0 and character references: what a document type declares is not
// read, so that nothing is fetched and nothing grows.
//
// HTML is parsed as the WHATWG standard says, and also: white space is collapsed
// outside of pre, textarea, script and style, and dropped where it does not show;
// class and rel are sorted arrays of tokens; a boolean attribute is true; the
// content of a meta element lies below what it is for; head and body are not in
// arrays; the JSON of a script lies below "#json"; "#doctype" is the document
// type.
//
// # Others
//
//   - Forms (WHATWG URL, section 5.1): an object of arrays, by name.
//   - Multipart bodies (RFC 2046): an object of arrays, by the name in
//     Content-Disposition (RFC 7578); parts without a name are in "#parts". A
//     part is an object of its "filename", "headers" and "body", which is
//     projected by its own media type. The boundary, and what stands before the
//     first and after the last one, is left out.
//   - Server-sent events (WHATWG HTML, section 9.2): an array of objects of
//     "event" (unless it is "message"), "data", "id" and "retry". Data that is a
//     JSON object or array is there as such. Comments are left out. An event that
//     the body ends inside of has "unfinished": true.
//   - JSON lines, and JSON text sequences (RFC 7464): an array of the records.
//   - CSV (RFC 4180): an array of objects, by the names in the first record;
//     without a header, of arrays.
//
// # Bounds
//
// A projection is no longer than 32 bytes for each of the body's and 4 KiB, and
// never longer than 64 MiB: a real table of few characters under long names
// stays below that. Elements and multipart bodies are nested no deeper than
// [MaxDepth] and maxParts. Beyond these a [LimitError] says which. Bytes that are
// not UTF-8 stay as they are; a JSON text with such bytes is valid for
// encoding/json.
package project
