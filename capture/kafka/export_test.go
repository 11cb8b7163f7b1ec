package kafka

import "time"

// SetPatience makes the times for a slow broker those of a test.
func (p *Producer) SetPatience(first, longest time.Duration) {
	p.patience.first, p.patience.longest = first, longest
}
