// Package shape learns from samples what the parts of messages look like.
package shape
