//go:build e2e

package reference_test

import "strings"

// argument is why a disagreement stays.
type argument struct {
	reason string
	fits   func(disagreement) bool
}

var argued = []argument{
	{"media types are equal whatever their case (RFC 9110 section 8.3.1); the reference compares letters", func(d disagreement) bool {
		return d.passed() && (strings.Contains(d.answer, "APPLICATION/") || strings.Contains(d.answer, "TEXT/"))
	}},
	{"a field with a list is the same on one line as on several (RFC 9110 section 5.3)", func(d disagreement) bool {
		return d.passed() && (strings.Contains(d.answer, " apart") || strings.Contains(d.answer, " in one"))
	}},
	{"a number of any size without a fraction is an integer; the reference holds what is beyond 64 bits as a float", func(d disagreement) bool {
		return strings.Contains(d.answer, "100000000000000000000000")
	}},
	{"1.0 is equal to 1 (JSON has one type of numbers); the reference tells them apart", func(d disagreement) bool {
		return d.passed() && strings.Contains(d.theirs, "to be equal to") && strings.Contains(d.theirs, "(Integer)")
	}},
	{"a text is no boolean in JSON, where a consumer that reads one fails; the reference takes \"true\"", func(d disagreement) bool {
		return strings.Contains(d.answer, `"true"`) && strings.Contains(d.ours, "a boolean is expected")
	}},
	{"dd and SSS are two and three digits in Java's DateTimeFormatter; the reference takes fewer", func(d disagreement) bool {
		return strings.Contains(d.ours, "of the rule's format is expected") && strings.HasPrefix(d.interaction, "date")
	}},
}

func (d disagreement) passed() bool { return strings.HasPrefix(d.ours, "passed") }
