package capture

import "context"

// Filter passes on the exchanges of a [Source] that it is asked to keep.
type Filter struct {
	src   Source
	keep  func(*Exchange) Reason
	stats Stats
}

// NewFilter returns a source of those exchanges for which keep returns "". For
// the others keep names the reason under which they are counted.
func NewFilter(src Source, keep func(*Exchange) Reason) *Filter {
	return &Filter{src: src, keep: keep}
}

// ReadExchange implements [Source].
func (f *Filter) ReadExchange(ctx context.Context, e *Exchange) error {
	for {
		if err := f.src.ReadExchange(ctx, e); err != nil {
			return err
		}
		f.stats.Seen++
		reason := f.keep(e)
		if reason == "" {
			f.stats.Written++
			return nil
		}
		f.stats.Filter(reason, 1)
	}
}

// Account implements [Accounted]: the account of the source, then the filter's.
func (f *Filter) Account() Account {
	return append(AccountOf(f.src).Clone(), Stage{Name: "filter", Unit: "exchanges", Stats: f.stats.Clone()})
}
