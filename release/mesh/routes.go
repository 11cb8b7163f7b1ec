package mesh

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// The defaults of [Routes], the lanes and the names by which objects are known.
const (
	// LaneHeader is the request header that names the lane.
	LaneHeader = "x-twinspect-lane"
	// AttestHeader is the response header by which the route proves the lane.
	AttestHeader = "x-twinspect-route"

	// LaneBase and LaneBranch are the lanes.
	LaneBase   = "base"
	LaneBranch = "branch"

	// SubsetBase and SubsetBranch are the subsets of our DestinationRule. They
	// are ours alone, so that rules of one host merge without a clash.
	SubsetBase   = "twinspect-base"
	SubsetBranch = "twinspect-branch"

	// LabelManagedBy and ManagedBy mark what is ours.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	ManagedBy      = "twinspect"
	// LabelRoutes holds Routes.Name, LabelRun Routes.Run.
	LabelRoutes = "twinspect.dev/routes"
	LabelRun    = "twinspect.dev/run"
)

// Routes says which service is to be reached in two versions.
type Routes struct {
	// Namespace is where the objects are written: that of the service, for
	// only there do all its callers see the DestinationRule.
	Namespace string `yaml:"namespace"`
	// Host is the service: a name in Namespace, or one in full.
	Host string `yaml:"host"`
	// Base and Branch are the labels of the endpoints of each version. One
	// label must be in both with different values, so that no endpoint can
	// belong to both versions.
	Base   map[string]string `yaml:"base"`
	Branch map[string]string `yaml:"branch"`

	// LaneHeader and AttestHeader are the names of the request's and the
	// response's header; empty means the constants of the same name.
	LaneHeader   string `yaml:"laneHeader,omitempty"`
	AttestHeader string `yaml:"attestHeader,omitempty"`
	// Gateways are where the routes hold; none means all sidecars.
	Gateways []string `yaml:"gateways,omitempty"`
	// Port is the service's port; 0 leaves it to Istio: the service's only
	// port, or the one that was called.
	Port uint32 `yaml:"port,omitempty"`
	// Name names the objects; empty means "twinspect-" and the service.
	Name string `yaml:"name,omitempty"`
	// SubsetsOnly leaves the routes to the owner of a VirtualService that the
	// host already has, and writes the DestinationRule alone.
	SubsetsOnly bool `yaml:"subsetsOnly,omitempty"`
	// Run is the run that needs them, for [Delete]; it may be empty.
	Run string `yaml:"run,omitempty"`
}

// withDefaults fills in what is empty. The host becomes a name in full.
func (r Routes) withDefaults(domain string) Routes {
	if r.LaneHeader == "" {
		r.LaneHeader = LaneHeader
	}
	if r.AttestHeader == "" {
		r.AttestHeader = AttestHeader
	}
	r.LaneHeader, r.AttestHeader = strings.ToLower(r.LaneHeader), strings.ToLower(r.AttestHeader)
	r.Host = fqdn(r.Host, r.Namespace, domain)
	if strings.HasSuffix(r.Host, ".svc") {
		r.Host += "." + domain
	}
	if r.Name == "" {
		service, _, _ := strings.Cut(r.Host, ".")
		r.Name = "twinspect-" + service
	}
	return r
}

// Validate returns an error of kind ErrInvalid that names the first field that
// no cluster could accept.
func (r Routes) Validate() error {
	d := r.withDefaults("cluster.local")
	checks := []struct {
		field, value string
		problems     []string
	}{
		{"namespace", d.Namespace, validation.IsDNS1123Label(d.Namespace)},
		{"host", d.Host, validation.IsDNS1123Subdomain(d.Host)},
		{"name", d.Name, validation.IsDNS1123Label(d.Name)},
		{"run", d.Run, validation.IsValidLabelValue(d.Run)},
		{"laneHeader", d.LaneHeader, headerProblems(d.LaneHeader)},
		{"attestHeader", d.AttestHeader, headerProblems(d.AttestHeader)},
		{"base", fmt.Sprint(d.Base), labelProblems(d.Base)},
		{"branch", fmt.Sprint(d.Branch), labelProblems(d.Branch)},
	}
	for _, c := range checks {
		if len(c.problems) > 0 {
			return fault(ErrInvalid, c.problems[0], "%s %q of the routes is not valid", c.field, c.value)
		}
	}
	if d.Port > 65535 {
		return fault(ErrInvalid, "give a port up to 65535, or none", "port %d of the routes is not valid", d.Port)
	}
	if !disjoint(d.Base, d.Branch) {
		return fault(ErrInvalid, "give one label another value in each, for example version",
			"an endpoint could belong to base %v and to branch %v", d.Base, d.Branch)
	}
	return nil
}

func disjoint(a, b map[string]string) bool {
	for k, v := range a {
		if other, ok := b[k]; ok && other != v {
			return true
		}
	}
	return false
}

func headerProblems(name string) []string {
	if problems := validation.IsHTTPHeaderName(name); len(problems) > 0 {
		return problems
	}
	if name == "baggage" || name == "host" {
		return []string{"take a name that nothing else uses"}
	}
	return nil
}

func labelProblems(labels map[string]string) []string {
	if len(labels) == 0 {
		return []string{"give at least one label of the version's pods"}
	}
	for k, v := range labels {
		if problems := append(validation.IsQualifiedName(k), validation.IsValidLabelValue(v)...); len(problems) > 0 {
			return problems
		}
	}
	return nil
}

// BaggagePattern returns the regular expression that Istio matches against the
// whole baggage header for the entry "lane" with this value (W3C Baggage
// section 3.3.1).
func BaggagePattern(lane string) string {
	return `(.*[, ])?lane=` + regexp.QuoteMeta(lane) + `([,; ].*)?`
}
