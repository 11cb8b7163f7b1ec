package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/mesh"
)

// clusterOptions say which cluster is asked.
type clusterOptions struct {
	kubeconfig string
	context    string
}

func (o *clusterOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, ~/.kube/config, or the cluster that this runs in)")
	flags.StringVar(&o.context, "kube-context", "", "context of the kubeconfig (default: its current one)")
}

func (o *clusterOptions) connect(ctx context.Context) (*mesh.Clients, error) {
	return mesh.Connect(ctx, o.kubeconfig, o.context)
}

// routesOptions are the routes, by a file or by flags.
type routesOptions struct {
	clusterOptions
	file   string
	routes mesh.Routes
	yaml   bool
}

func (o *routesOptions) register(flags *pflag.FlagSet) {
	o.clusterOptions.register(flags)
	r := &o.routes
	flags.StringVarP(&o.file, "file", "f", "", "file of the routes (YAML); flags given beside it win")
	flags.StringVar(&r.Namespace, "namespace", "", "namespace of the service, where the objects are written (default: the context's)")
	flags.StringVar(&r.Host, "host", "", "the service: its name, or its host in full")
	flags.StringToStringVar(&r.Base, "base", nil, "labels of the pods of the base version (version=v1)")
	flags.StringToStringVar(&r.Branch, "branch", nil, "labels of the pods of the branch version (version=v2)")
	flags.Uint32Var(&r.Port, "port", 0, "the service's port (default: its only one)")
	flags.StringSliceVar(&r.Gateways, "gateway", nil, "gateways at which the routes hold (default: all sidecars)")
	flags.StringVar(&r.LaneHeader, "lane-header", "", "request's field that names the lane (default: "+mesh.LaneHeader+")")
	flags.StringVar(&r.AttestHeader, "attest-header", "", "response's field in which the route names it (default: "+mesh.AttestHeader+")")
	flags.StringVar(&r.Name, "name", "", "name of the objects (default: twinspect-SERVICE)")
	flags.BoolVar(&r.SubsetsOnly, "subsets-only", false, "write the DestinationRule alone: the owner of the service's VirtualService has the routes in it")
}

// load returns the routes, those of the file below those of the flags.
func (o *routesOptions) load(namespace string) (mesh.Routes, error) {
	var routes mesh.Routes
	if o.file != "" {
		var err error
		if routes, err = readRoutes(o.file); err != nil {
			return routes, err
		}
	}
	overlay(&routes, &o.routes)
	if routes.Namespace == "" {
		routes.Namespace = namespace
	}
	return routes, routes.Validate()
}

// readRoutes reads a file of routes.
func readRoutes(file string) (routes mesh.Routes, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return routes, err
	}
	if err := yaml.UnmarshalWithOptions(text, &routes, yaml.Strict()); err != nil {
		return routes, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))
	}
	return routes, nil
}

// overlay puts what is set in from over to.
func overlay(to, from *mesh.Routes) {
	for _, f := range []struct{ to, from *string }{
		{&to.Namespace, &from.Namespace}, {&to.Host, &from.Host}, {&to.LaneHeader, &from.LaneHeader},
		{&to.AttestHeader, &from.AttestHeader}, {&to.Name, &from.Name},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	if from.Base != nil {
		to.Base = maps.Clone(from.Base)
	}
	if from.Branch != nil {
		to.Branch = maps.Clone(from.Branch)
	}
	if from.Gateways != nil {
		to.Gateways = from.Gateways
	}
	if from.Port != 0 {
		to.Port = from.Port
	}
	to.SubsetsOnly = to.SubsetsOnly || from.SubsetsOnly
}

func newRoutes(env cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "Make, show and remove the Istio routes to base and branch",
		Long: `Routes makes the Istio objects by which one service is reached in two versions:
a DestinationRule with a subset for each, and a VirtualService that chooses one by
the header ` + mesh.LaneHeader + ` or the baggage member "lane", and proves its
choice by the answer's ` + mesh.AttestHeader + `. What is not ours is never touched: where
a service has a VirtualService already, the plan says what its owner can add.`,
		Example: `  twinspect routes plan --namespace shop --host catalog --base version=v1 --branch version=v2
  twinspect routes apply -f routes.yaml
  twinspect routes delete --namespace shop --name twinspect-catalog`,
	}
	cmd.AddCommand(newRoutesPlan(env), newRoutesApply(env), newRoutesDelete(env))
	for _, c := range cmd.Commands() {
		c.Long += "\n\n" + cli.ExitHelp
	}
	return cmd
}

func newRoutesPlan(env cli.Env) *cobra.Command {
	var opt routesOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would do",
		Long: `Plan looks at the cluster and shows which objects apply would create or update,
and why it would refuse. It changes nothing.`,
		Example: `  twinspect routes plan --namespace shop --host catalog --base version=v1 --branch version=v2
  twinspect routes plan -f routes.yaml --yaml | kubectl diff -f -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.plan(cmd.Context(), env) },
	}
	opt.register(cmd.Flags())
	cmd.Flags().BoolVar(&opt.yaml, "yaml", false, "print the objects as YAML")
	return cmd
}

func (o *routesOptions) plan(ctx context.Context, env cli.Env) error {
	plan, _, err := o.make(ctx)
	if plan == nil {
		return err
	}
	if !o.yaml {
		return errors.Join(plan.Print(env.Stdout), err)
	}
	text, yamlErr := plan.YAML()
	if yamlErr == nil {
		_, yamlErr = env.Stdout.Write(text)
	}
	return errors.Join(yamlErr, err)
}

func (o *routesOptions) make(ctx context.Context) (*mesh.Plan, *mesh.Clients, error) {
	clients, err := o.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	routes, err := o.load(clients.Namespace)
	if err != nil {
		return nil, nil, err
	}
	plan, err := mesh.MakePlan(ctx, clients, routes)
	return plan, clients, err
}

func newRoutesApply(env cli.Env) *cobra.Command {
	var opt routesOptions
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Create or update the routes",
		Long: `Apply does what plan shows. Applied again, it changes nothing. An object that was
changed since it was looked at is left alone.`,
		Example: `  twinspect routes apply --namespace shop --host catalog --base version=v1 --branch version=v2
  twinspect routes apply -f routes.yaml --kubeconfig ~/.kube/staging`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.apply(cmd.Context(), env) },
	}
	opt.register(cmd.Flags())
	return cmd
}

func (o *routesOptions) apply(ctx context.Context, env cli.Env) error {
	plan, clients, err := o.make(ctx)
	if err != nil {
		return err
	}
	if _, err := mesh.Apply(ctx, clients, plan); err != nil {
		return err
	}
	return plan.Print(env.Stdout)
}

func newRoutesDelete(env cli.Env) *cobra.Command {
	var cluster clusterOptions
	var owned mesh.Owned
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "Remove the routes",
		Long: `Delete removes the routes that are named by their namespace, their name or the run
that made them, and nothing that twinspect did not make.`,
		Example: `  twinspect routes delete --namespace shop --name twinspect-catalog
  twinspect routes delete --run 20261121-1 --kubeconfig ~/.kube/staging`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return deleteRoutes(cmd.Context(), env, &cluster, owned)
		},
	}
	flags := cmd.Flags()
	cluster.register(flags)
	flags.StringVar(&owned.Namespace, "namespace", "", "only routes in this namespace")
	flags.StringVar(&owned.Name, "name", "", "only routes of this name")
	flags.StringVar(&owned.Run, "run", "", "only routes that this run made")
	cmd.MarkFlagsOneRequired("namespace", "name", "run")
	return cmd
}

func deleteRoutes(ctx context.Context, env cli.Env, cluster *clusterOptions, owned mesh.Owned) error {
	clients, err := cluster.connect(ctx)
	if err != nil {
		return err
	}
	removed, err := mesh.Delete(ctx, clients, owned)
	for _, ref := range removed {
		fmt.Fprintf(env.Stdout, "removed %s\n", ref)
	}
	if len(removed) == 0 && err == nil {
		fmt.Fprintln(env.Stdout, "nothing of ours is there")
	}
	return err
}
