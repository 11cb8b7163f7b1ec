// Package usage follows values of responses into what their consumer sends next.
package usage
