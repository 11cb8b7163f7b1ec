//go:build e2e

package mesh_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	authorization "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"twinspect.dev/release/mesh"
)

const (
	// readers may list what Load lists, writers change what Apply changes.
	readers = `
- {apiGroups: [networking.istio.io], resources: [virtualservices, destinationrules, serviceentries, workloadentries, sidecars], verbs: [list]}
- {apiGroups: [""], resources: [services, pods], verbs: [list]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list]}`
	makers = readers + `
- {apiGroups: [networking.istio.io], resources: [destinationrules], verbs: [get, create, update, delete]}
- {apiGroups: [networking.istio.io], resources: [virtualservices], verbs: [get, create]}`
)

func TestEveryRightThatIsMissingIsNamed(t *testing.T) {
	s := newShop(t)
	c := s.as(t, "nobody-"+s.Namespace)
	_, err := mesh.MakePlan(s.ctx, c, s.routes())
	require.ErrorIs(t, err, mesh.ErrForbidden)
	for _, resource := range []string{
		"virtualservices.networking.istio.io", "destinationrules.networking.istio.io", "serviceentries.networking.istio.io",
		"workloadentries.networking.istio.io", "sidecars.networking.istio.io", "services", "endpointslices.discovery.k8s.io", "pods",
	} {
		require.ErrorContains(t, err, "may not list "+resource+" in all namespaces: bind a ClusterRole")
	}
	var forbidden *mesh.ForbiddenError
	require.ErrorAs(t, err, &forbidden)
	require.Equal(t, "list", forbidden.Verb)
	require.Empty(t, forbidden.Namespace)
}

func TestAnAccountThatMayOnlyReadIsToldWhatItCannotWrite(t *testing.T) {
	s := newShop(t)
	c := s.as(t, "reader-"+s.Namespace)
	s.bind(t, c, "reader-"+s.Namespace, "ClusterRole", readers, "list", "pods", "")
	_, err := mesh.Check(s.ctx, c, s.request())
	require.NoError(t, err, "reading suffices for a check")
	p, err := mesh.MakePlan(s.ctx, c, s.routes())
	require.NoError(t, err)
	_, err = mesh.Apply(s.ctx, c, p)
	var forbidden *mesh.ForbiddenError
	require.ErrorAs(t, err, &forbidden)
	require.Equal(t, [3]string{"create", "destinationrules.networking.istio.io", s.Namespace},
		[3]string{forbidden.Verb, forbidden.Resource, forbidden.Namespace})
	require.ErrorContains(t, err, fmt.Sprintf(`may not create destinationrules.networking.istio.io in namespace %s: bind a Role with apiGroups ["networking.istio.io"], resources ["destinationrules"], verbs ["create"]`, s.Namespace))
}

func TestAnAccountOfOneNamespaceAppliesThereAndIsToldWhatItCannotUndo(t *testing.T) {
	s := newShop(t)
	c := s.as(t, "maker-"+s.Namespace)
	s.bind(t, c, "maker-"+s.Namespace, "Role", makers, "list", "pods", s.Namespace)
	_, err := mesh.MakePlan(s.ctx, c, s.routes())
	require.ErrorIs(t, err, mesh.ErrForbidden, "it may not list all namespaces")
	c.Namespaces = []string{s.Namespace}
	p, err := mesh.MakePlan(s.ctx, c, s.routes())
	require.NoError(t, err)
	a, err := mesh.Apply(s.ctx, c, p)
	require.NoError(t, err)

	err = a.Undo(s.ctx)
	var forbidden *mesh.ForbiddenError
	require.ErrorAs(t, err, &forbidden)
	require.Equal(t, [3]string{"delete", "virtualservices.networking.istio.io", s.Namespace},
		[3]string{forbidden.Verb, forbidden.Resource, forbidden.Namespace})
	require.Error(t, s.get(mesh.Ref{Kind: "DestinationRule", Namespace: s.Namespace, Name: "twinspect-catalog"}), "it goes on after an error")
	require.NotEmpty(t, s.virtualService(t, "twinspect-catalog").UID)

	s.bind(t, c, "maker-"+s.Namespace, "Role", strings.Replace(makers, "[get, create]", "[get, create, delete]", 1), "delete", "virtualservices", s.Namespace)
	require.NoError(t, a.Undo(s.ctx), "a second call does what the first could not")
	require.Error(t, s.get(mesh.Ref{Kind: "VirtualService", Namespace: s.Namespace, Name: "twinspect-catalog"}))
}

func TestATokenThatNobodyKnowsIsNotTaken(t *testing.T) {
	s := newShop(t)
	_, err := mesh.Connect(s.ctx, s.kubeconfig(t, "token: no-such-token"), "")
	require.ErrorIs(t, err, mesh.ErrUnreachable)
	require.ErrorContains(t, err, "credentials")
}

// as returns clients that act in the name of a user without rights.
func (s *shop) as(t *testing.T, user string) *mesh.Clients {
	t.Helper()
	c, err := mesh.Connect(s.ctx, s.kubeconfig(t, fmt.Sprintf("token: %s, as: %s", s.kube.Token(), user)), "")
	require.NoError(t, err)
	return c
}

func (s *shop) kubeconfig(t *testing.T, user string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `
apiVersion: v1
kind: Config
clusters: [{name: stand, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: user, user: {%s}}]
contexts: [{name: stand, context: {cluster: stand, user: user}}]
current-context: stand
`, s.kube.URL(), s.kube.CAFile(), user), 0o600))
	return file
}

// bind gives the user of the clients the rules by a role of the kind, and waits
// until the API server lets it do what the verb says.
func (s *shop) bind(t *testing.T, c *mesh.Clients, user, kind, rules, verb, resource, namespace string) {
	t.Helper()
	place := ""
	if kind == "Role" {
		place = ", namespace: " + s.Namespace
	}
	s.apply(t, fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: %[1]s
metadata: {name: %[2]s%[3]s}
rules:%[4]s
---
apiVersion: rbac.authorization.k8s.io/v1
kind: %[1]sBinding
metadata: {name: %[2]s%[3]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %[1]s, name: %[2]s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %[2]s}]
`, kind, user, place, rules), nil)
	group := ""
	if resource == "virtualservices" {
		group = "networking.istio.io"
	}
	soon(t, func() bool {
		review, err := c.Kube.AuthorizationV1().SelfSubjectAccessReviews().Create(s.ctx, &authorization.SelfSubjectAccessReview{
			Spec: authorization.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorization.ResourceAttributes{
				Namespace: namespace, Verb: verb, Group: group, Resource: resource}},
		}, metav1.CreateOptions{})
		return err == nil && review.Status.Allowed
	})
}
