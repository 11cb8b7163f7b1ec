// Package topology tells from spans which services call which, how often, and how that ends.
package topology
