// Package recording opens and creates the recordings that commands name: files
// of every format, standard input and output, and topics. It names the
// operations in them.
package recording
