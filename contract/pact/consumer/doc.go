// Package consumer writes what is known of a consumer from its traffic as a Pact: what
// it sends as it sent it, and of each answer only what it uses, so that a provider may
// change the rest. It writes Go tests of the same expectation, too.
package consumer
