package capture

// RefusedError says that a sink will never take an exchange, however often it
// is tried: one larger than the broker's limit, say. Every other error of a
// sink may pass.
type RefusedError struct {
	// Reason is what the exchange is counted under.
	Reason Reason
	Err    error
}

// Error tells the cause.
func (e *RefusedError) Error() string { return "refused: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }
