// Package broker speaks with a Pact Broker: it publishes Pact files, gets those that
// a provider has to keep, publishes what their verification came to, and asks
// whether a version may be deployed.
//
// The broker's API is HAL (draft-kelly-json-hal): but for the index no path is known
// here; each is a link that the broker gave, its template expanded (RFC 6570). The
// relations are those that the broker documents at lib/pact_broker/doc/views in
// github.com/pact-foundation/pact_broker. Brokers before 2.86 (publish-contracts) and
// before 2.50 (provider-pacts-for-verification) are spoken to by the older relations.
//
// Credentials are sent to the scheme, host and port of the given URL alone, and no
// error holds them.
package broker
