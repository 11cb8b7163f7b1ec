package mesh

import (
	"maps"

	istioapi "istio.io/api/networking/v1alpha3"
	istio "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	istioVersion        = "networking.istio.io/v1"
	kindVirtualService  = "VirtualService"
	kindDestinationRule = "DestinationRule"
)

// meta is of routes whose defaults are filled in, as is all below.
func (r Routes) meta() metav1.ObjectMeta {
	labels := map[string]string{LabelManagedBy: ManagedBy, LabelRoutes: r.Name}
	if r.Run != "" {
		labels[LabelRun] = r.Run
	}
	return metav1.ObjectMeta{Namespace: r.Namespace, Name: r.Name, Labels: labels}
}

func (r Routes) virtualService() *istio.VirtualService {
	return &istio.VirtualService{
		TypeMeta:   metav1.TypeMeta{APIVersion: istioVersion, Kind: kindVirtualService},
		ObjectMeta: r.meta(),
		Spec: istioapi.VirtualService{
			Hosts:    []string{r.Host},
			Gateways: r.Gateways,
			Http:     r.stanzas(),
		},
	}
}

// stanzas are the routes themselves, for ours or for the owner of a foreign
// VirtualService to put before its own.
func (r Routes) stanzas() []*istioapi.HTTPRoute {
	return []*istioapi.HTTPRoute{
		r.stanza(SubsetBranch, LaneBranch, r.matches(LaneBranch)),
		r.stanza(SubsetBase, LaneBase, r.matches(LaneBase)),
		r.stanza("twinspect-default", LaneBase, nil),
	}
}

// matches chooses a lane by its header and, only where there is no such
// header, by baggage: baggage may be left over from the recording.
func (r Routes) matches(lane string) []*istioapi.HTTPMatchRequest {
	byHeader := &istioapi.StringMatch{MatchType: &istioapi.StringMatch_Exact{Exact: lane}}
	byBaggage := &istioapi.StringMatch{MatchType: &istioapi.StringMatch_Regex{Regex: BaggagePattern(lane)}}
	return []*istioapi.HTTPMatchRequest{
		{Headers: map[string]*istioapi.StringMatch{r.LaneHeader: byHeader}},
		{
			Headers:        map[string]*istioapi.StringMatch{"baggage": byBaggage},
			WithoutHeaders: map[string]*istioapi.StringMatch{r.LaneHeader: {}},
		},
	}
}

func (r Routes) stanza(name, lane string, match []*istioapi.HTTPMatchRequest) *istioapi.HTTPRoute {
	to := &istioapi.Destination{Host: r.Host, Subset: SubsetBase}
	if lane == LaneBranch {
		to.Subset = SubsetBranch
	}
	if r.Port != 0 {
		to.Port = &istioapi.PortSelector{Number: r.Port}
	}
	set := map[string]string{r.AttestHeader: lane}
	return &istioapi.HTTPRoute{
		Name:  name,
		Match: match,
		Route: []*istioapi.HTTPRouteDestination{{
			Destination: to,
			Headers:     &istioapi.Headers{Response: &istioapi.Headers_HeaderOperations{Set: set}},
		}},
	}
}

func (r Routes) destinationRule() *istio.DestinationRule {
	return &istio.DestinationRule{
		TypeMeta:   metav1.TypeMeta{APIVersion: istioVersion, Kind: kindDestinationRule},
		ObjectMeta: r.meta(),
		Spec: istioapi.DestinationRule{
			Host: r.Host,
			Subsets: []*istioapi.Subset{
				{Name: SubsetBase, Labels: maps.Clone(r.Base)},
				{Name: SubsetBranch, Labels: maps.Clone(r.Branch)},
			},
		},
	}
}

// ours reports whether an object may be changed and removed by this package.
func ours(o metav1.Object) bool {
	l := o.GetLabels()
	return l[LabelManagedBy] == ManagedBy && l[LabelRoutes] != ""
}

// oursAs reports whether an object is ours, and of the routes of this name.
func oursAs(o metav1.Object, name string) bool {
	return ours(o) && o.GetLabels()[LabelRoutes] == name
}
