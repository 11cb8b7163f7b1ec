package replay

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"twinspect.dev/capture"
)

// Production knows the hosts that a recording calls production: those of the
// exchanges with a label that says so. The zero value knows none.
type Production struct {
	hosts map[string]string // to the label that says so
}

// maxProductionHosts bounds the hosts that are told apart. A service has a
// handful; more are made up by its callers.
const maxProductionHosts = 4096

// Observe takes in one exchange of the recording.
func (p *Production) Observe(e *capture.Exchange) {
	label := productionLabel(e.Context.Labels)
	if label == "" {
		return
	}
	for _, host := range []string{e.Request.Header.Get("Host"), e.Request.Header.Get(":authority"), e.Context.Server} {
		if host == "" || len(p.hosts) >= maxProductionHosts {
			continue
		}
		if p.hosts == nil {
			p.hosts = make(map[string]string)
		}
		if host = strings.ToLower(host); p.hosts[host] == "" {
			p.hosts[strings.Clone(host)] = label
		}
	}
}

// Refuse returns an error where u is one of the hosts. A host without a port
// stands for all of its ports.
func (p *Production) Refuse(u *url.URL) error {
	name, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	for _, host := range []string{name, net.JoinHostPort(name, port)} {
		if label := p.hosts[host]; label != "" {
			return fmt.Errorf("%s is production: the recording has its traffic under the label %s", u.Host, label)
		}
	}
	return nil
}

// productionLabel returns the label that calls an exchange production, or "".
// The names are those of OpenTelemetry's resource conventions
// (deployment.environment.name) and the ones in common use.
func productionLabel(labels map[string]string) string {
	for _, key := range []string{"environment", "env", "stage", "tier", "deployment.environment.name", "deployment.environment"} {
		value := labels[key]
		switch strings.ToLower(value) {
		case "production", "prod", "prd", "live":
			return key + "=" + value
		}
	}
	return ""
}
