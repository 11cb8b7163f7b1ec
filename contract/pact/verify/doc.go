// Package verify asks a provider what a Pact file expects of it.
package verify
