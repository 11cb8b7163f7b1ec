package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"twinspect.dev/replay"
)

// sidesOptions say which versions are compared.
type sidesOptions struct {
	base, branch, control string
	through               string
	lanes                 []string
	noControl             bool
}

func (o *sidesOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.base, "base", "", "URL of the base version")
	flags.StringVar(&o.branch, "branch", "", "URL of the branch version")
	flags.StringVar(&o.control, "control", "", "URL of a second instance of base (default: base itself)")
	flags.StringVar(&o.through, "through", "", "URL behind which sides are lanes of a mesh")
	flags.StringSliceVar(&o.lanes, "lane", []string{"base", "branch"}, "with --through: the sides that are lanes behind it")
	flags.BoolVar(&o.noControl, "no-control", false, "do not ask base twice; noise is then not known")
}

// sides returns the versions to be asked: base, branch, and control unless there
// is none.
func (o *sidesOptions) sides(writes bool) ([]side, error) {
	base, err := o.side(replay.Base, o.base)
	if err != nil {
		return nil, err
	}
	branch, err := o.side(replay.Branch, o.branch)
	if err != nil {
		return nil, err
	}
	list := []side{base, branch}
	switch {
	case o.noControl:
		return list, nil
	case o.control != "":
		return append(list, side{name: replay.Control, url: o.control}), nil
	case writes:
		return nil, errors.New("--allow-writes: asking base twice would write twice: give --control URL of a second instance, or --no-control")
	}
	return append(list, side{name: replay.Control, url: base.url, lane: base.lane}), nil
}

// side returns base or branch: a URL of its own, or a lane.
func (o *sidesOptions) side(name replay.Side, address string) (side, error) {
	lane := false
	for _, l := range o.lanes {
		if l != string(replay.Base) && l != string(replay.Branch) {
			return side{}, fmt.Errorf("--lane %q: want base or branch", l)
		}
		lane = lane || l == string(name)
	}
	switch {
	case address != "":
		return side{name: name, url: address}, nil
	case o.through != "" && lane:
		return side{name: name, url: o.through, lane: laneOf(name)}, nil
	}
	return side{}, fmt.Errorf("give --%s URL, or --through URL where it is a lane of a mesh", name)
}
