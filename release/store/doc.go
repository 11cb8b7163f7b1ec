// Package store keeps evidence and what was decided on it, in one SQLite file for one
// server or in PostgreSQL for many.
//
// What is acknowledged is durable: evidence, verdicts and the word of people are
// written with their event in one transaction, so that a crash leaves all of it or
// nothing. Evidence is never changed: its ID is the hash of the document's bytes, which
// is checked when it is written and again when it is read.
//
// Times are UTC, in whole microseconds, as that is what PostgreSQL keeps.
package store
