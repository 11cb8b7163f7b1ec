// Package contractfile keeps contracts in a folder, and tells how they have changed.
package contractfile
