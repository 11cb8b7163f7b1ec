package main

// A policy names time zones, and is to mean the same where the system knows none.
import _ "time/tzdata"
