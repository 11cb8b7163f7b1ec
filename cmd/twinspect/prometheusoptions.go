package main

import (
	"errors"
	"net/http"

	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/prometheus"
	"twinspect.dev/replay/send"
)

// prometheusOptions say which Prometheus server is asked.
type prometheusOptions struct {
	url, ca string
	headers []string
}

func (o *prometheusOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.url, "prometheus", "", "URL of the Prometheus server")
	flags.StringArrayVar(&o.headers, "prometheus-header", nil, "header for it, such as 'Authorization: Bearer env:NAME' or 'X-Scope-OrgID: shop'")
	flags.StringVar(&o.ca, "prometheus-ca", "", "trust the certificates of this file (PEM) for it")
}

func (o *prometheusOptions) open(env cli.Env) (*prometheus.Client, error) {
	if o.url == "" {
		return nil, errors.New("say where the metrics are: --prometheus URL")
	}
	fields, _, err := readHeaders(env, "prometheus-header", o.headers)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for _, f := range fields {
		header.Add(f.Name, f.Value)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if transport.TLSClientConfig, err = (send.TLSOptions{CA: o.ca}).Config(); err != nil {
		return nil, err
	}
	return prometheus.New(prometheus.Options{URL: o.url, Header: header, Client: &http.Client{Transport: transport}})
}
