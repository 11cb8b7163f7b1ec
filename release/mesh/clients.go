package mesh

import (
	"context"
	"time"

	"istio.io/client-go/pkg/clientset/versioned"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// requestTimeout bounds one call: the API server itself gives up after 60 s,
// and a page of a list takes far less.
const requestTimeout = 30 * time.Second

// Clients reach one cluster. The zero values of all but Kube and Istio are
// Istio's defaults. Clients may be used by many goroutines.
type Clients struct {
	Kube  kubernetes.Interface
	Istio versioned.Interface
	// Namespace is the one that the kubeconfig's context names.
	Namespace string
	// Namespaces are the only ones to look at, for an account that may not list
	// all; conflicts elsewhere are then not seen. None means all.
	Namespaces []string
	// Domain is the cluster's DNS domain; empty means "cluster.local".
	Domain string
	// RootNamespace is where mesh-wide objects are; empty means "istio-system".
	RootNamespace string
}

// Connect reaches the cluster of a kubeconfig file and one of its contexts.
// Without a file it is that of $KUBECONFIG or ~/.kube/config, else the cluster
// that the program runs in; without a context it is the file's current one. It
// returns an error of kind ErrUnreachable where the API server does not answer.
func Connect(ctx context.Context, kubeconfig, contextName string) (*Clients, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: contextName})
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, fault(ErrInvalid, "name a kubeconfig file and one of its contexts", "no cluster is configured (%v)", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, fault(ErrInvalid, "name a namespace in the kubeconfig's context", "no namespace is configured (%v)", err)
	}
	config.Timeout = requestTimeout
	config.QPS = -1 // the API server shares itself out (API priority and fairness); five a second would stretch a list of many pages
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fault(ErrInvalid, "correct the kubeconfig", "the kubeconfig makes no client (%v)", err)
	}
	mesh, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, fault(ErrInvalid, "correct the kubeconfig", "the kubeconfig makes no client (%v)", err)
	}
	if err := kube.Discovery().RESTClient().Get().AbsPath("/version").Do(ctx).Error(); err != nil {
		return nil, fault(ErrUnreachable, "check the address, the network and the credentials of the kubeconfig's context",
			"the API server %s does not answer (%v)", config.Host, err)
	}
	return &Clients{Kube: kube, Istio: mesh, Namespace: namespace}, nil
}

func (c *Clients) domain() string { return orElse(c.Domain, "cluster.local") }

func (c *Clients) rootNamespace() string { return orElse(c.RootNamespace, "istio-system") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
