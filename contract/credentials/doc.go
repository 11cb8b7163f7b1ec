// Package credentials proves to a provider who asks.
package credentials
