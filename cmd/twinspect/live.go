package main

import (
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
)

// registerLive makes the flags of a live capture, but for the ports, which
// files know too.
func registerLive(f *pflag.FlagSet, l *cli.Live) {
	f.StringVar(&l.Interface, "interface", "any", "listen on this network interface")
	f.StringSliceVar(&l.Hosts, "host", nil, "only these addresses or networks")
	f.StringVar(&l.Filter, "filter", "", "only packets that match this expression, as tcpdump takes")
	f.IntVar(&l.PID, "pid", 0, "listen in the network namespace of this process")
	f.StringVar(&l.Container, "container", "", "listen in the network namespace of this container (12 digits of its id or more)")
	f.IntVar(&l.Cores, "cores", 1, "live: share connections out over this many captures")
}
