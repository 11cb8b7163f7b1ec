package cli

import (
	"fmt"
	"io"

	"twinspect.dev/capture"
)

// shownDamage bounds the damaged records that are shown one by one; all are
// counted.
const shownDamage = 10

// Damage tells the user of records that could not be read, and counts them.
type Damage struct {
	w     io.Writer
	told  int
	lost  uint64
	first *capture.RecordError
}

// NewDamage returns a Damage that writes to the standard error of env.
func NewDamage(env Env) *Damage { return &Damage{w: env.Stderr} }

// Report tells of one record.
func (d *Damage) Report(bad *capture.RecordError) {
	d.lost += max(bad.Lost, 1)
	if d.first == nil {
		d.first = bad
	}
	d.told++
	switch {
	case d.told <= shownDamage:
		fmt.Fprintln(d.w, "damaged:", Visible(bad.Error()))
	case d.told == shownDamage+1:
		fmt.Fprintln(d.w, "damaged: more records; they are counted in the account")
	}
}

// Err returns an error if anything was damaged.
func (d *Damage) Err() error {
	if d.first == nil {
		return nil
	}
	return fmt.Errorf("%d records or more could not be read, everything else was; the first is %w", d.lost, d.first)
}
