package capture

// Merge returns what the stages of a and of b did together, sharing no memory
// with either. Stages of the same name and unit are one, their counts added;
// where an account has several such stages, the first goes with the first, the
// second with the second. The stages stand in the order of their first
// appearance, a before b: but for that order it does not matter which account is
// merged into which, and in what groups.
func (a Account) Merge(b Account) Account {
	type key struct {
		name, unit string
		nth        int
	}
	merged := a.Clone()
	at, seen := make(map[key]int, len(a)), make(map[[2]string]int, len(a))
	keyOf := func(s *Stage) key {
		nth := seen[[2]string{s.Name, s.Unit}]
		seen[[2]string{s.Name, s.Unit}]++
		return key{s.Name, s.Unit, nth}
	}
	for i := range a {
		at[keyOf(&a[i])] = i
	}
	clear(seen)
	for i := range b {
		if k, ok := at[keyOf(&b[i])]; ok {
			merged[k].Add(b[i].Stats)
			continue
		}
		stage := b[i]
		stage.Stats = stage.Clone()
		merged = append(merged, stage)
	}
	return merged
}
