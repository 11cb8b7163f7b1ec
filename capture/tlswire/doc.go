// Package tlswire decrypts TLS connections whose secrets are in a key log and
// hands on the application data.
//
// It stands between ordered bytes and what reads them: a [Conn] takes the
// ciphertext of a connection by the same three calls by which it gives the
// plaintext. TLS 1.2 (RFC 5246, 5288, 7366, 7905) and TLS 1.3 (RFC 8446) are
// decrypted, with 0-RTT data where the server accepted it. A TLS 1.2 session that
// is resumed, by its ID or a ticket (RFC 5077), needs no secret of its own where
// it was decrypted before with the same key log. TLS 1.2 renegotiation, and every
// version below 1.2, are not decrypted.
//
// Nothing is believed that is not authenticated. Which key and which sequence
// number a record has is found by opening it: at first with the expected ones,
// then with those that a loss, or a change of keys, makes possible. So a gap
// costs the records that it hit, and a record that is handed on is the one that
// was sent.
//
// Offsets. Where ciphertext is missing, the consumer is told of a gap before
// the next plaintext. Its length is the missing ciphertext without the headers
// and tags of the records in it, whose number the sequence numbers prove. It is
// exact where these records held application data alone and no padding; CBC
// padding is taken for its mean, and a lost ticket or key update for data.
//
// Neither secrets nor plaintext are in any error.
package tlswire
