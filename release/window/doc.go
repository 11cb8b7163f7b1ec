// Package window tells when freeze windows are open, and when that changes.
//
// A window that recurs opens whenever the clock of its zone shows a time of its cron
// expression. Where clocks go forward over it, it opens as they do; where they go back
// over it, it opens both times. It stays open for its length, whose whole days are
// days of the calendar and whose rest is time that passes (RFC 5545 section 3.3.6):
// "0 16 * * FRI" for 62 hours ends on Monday at 06:00, whether clocks were changed on
// the Sunday or not. Openings that overlap, or touch, are one.
//
// The cost of an answer does not depend on how often a window opens: days are
// stepped over, no more of them than are in [MaxLength] to look back, and in nine
// years to look ahead.
package window
