// Package intake takes in evidence: it knows every document that this project writes
// by its schema, alone or in a signed statement, and says what a verdict needs of it.
//
// Documents come from outside. What is cut, of another program or a newer version, may
// be read in two ways or contradicts itself is an error and never evidence; texts are
// bounded in length, and otherwise as they came: whoever shows them must escape them.
package intake
