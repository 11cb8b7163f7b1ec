package annotate

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"twinspect.dev/release"
)

// MaxValue bounds a value in bytes. A longer one is left out, as a part of a URL or of
// a name says something else; names of branches have at most 255.
const MaxValue = 1024

// Attributes returns what a deployment says of the resource that it makes, by the
// semantic conventions of OpenTelemetry 1.43 (https://opentelemetry.io/docs/specs/semconv/):
// what is not known is left out. The commit is the version of the service. The image is
// oci.manifest.digest alone, as container.image.repo_digests asks for the name of a
// repository, which a deployment does not say.
func Attributes(d release.Deployment) []attribute.KeyValue {
	all := []attribute.KeyValue{
		semconv.ServiceName(d.Service),
		semconv.ServiceVersion(d.Commit),
		semconv.DeploymentEnvironmentNameKey.String(d.Environment),
		semconv.VCSRefHeadName(d.Branch),
		semconv.VCSRefHeadRevision(d.Commit),
		pipeline(d.Pipeline),
		semconv.CICDPipelineTaskName(d.Job),
		semconv.CICDPipelineRunURLFull(d.URL),
		semconv.OCIManifestDigest(d.Digest),
	}
	var known []attribute.KeyValue
	for _, a := range all {
		if v := valid(a.Value.AsString()); v != "" {
			known = append(known, attribute.String(string(a.Key), v))
		}
	}
	return known
}

// pipeline is the number of a run, such as GITHUB_RUN_ID, CI_PIPELINE_ID or BUILD_TAG,
// where it ends in a digit, and the name of a pipeline else.
func pipeline(p string) attribute.KeyValue {
	if p = strings.TrimSpace(p); p != "" && p[len(p)-1] >= '0' && p[len(p)-1] <= '9' {
		return semconv.CICDPipelineRunID(p)
	}
	return semconv.CICDPipelineName(p)
}

// valid returns a value as it can be told, "" where it cannot.
func valid(v string) string {
	v = strings.TrimSpace(strings.ToValidUTF8(v, string(utf8.RuneError)))
	if len(v) > MaxValue {
		return ""
	}
	return v
}

// Environment returns the attributes as the value of OTEL_RESOURCE_ATTRIBUTES
// (https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable).
func Environment(d release.Deployment) string {
	attributes := Attributes(d)
	pairs := make([]string, len(attributes))
	for i, a := range attributes {
		pairs[i] = string(a.Key) + "=" + encode(a.Value.AsString())
	}
	return strings.Join(pairs, ",")
}

// plain are the characters that stand for themselves. W3C Baggage section 3.3.1 allows
// more, of which + and = are read as something else by some.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/@"

// encode percent-encodes a value (RFC 3986 section 2.1).
func encode(v string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(v) {
		if c := v[i]; strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// prefix is that of the annotations of a pod that are attributes of its resource
// (https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/).
const prefix = "resource.opentelemetry.io/"

// PodAnnotations returns the attributes as annotations of a pod, which the OpenTelemetry
// operator and the collector's k8sattributes processor read. The one decodes them and
// the other does not, so what has a comma or a per cent sign in it is left out: its
// keys are returned too.
func PodAnnotations(d release.Deployment) (annotations map[string]string, left []string) {
	annotations = make(map[string]string)
	for _, a := range Attributes(d) {
		if v := a.Value.AsString(); strings.ContainsAny(v, ",%") {
			left = append(left, string(a.Key))
		} else {
			annotations[prefix+string(a.Key)] = v
		}
	}
	return annotations, left
}

// Patch returns a merge patch in JSON (RFC 7396) that sets the annotations of the pods
// of a Deployment, a StatefulSet or a DaemonSet, for kubectl patch --type merge. New
// pods replace the old ones, as with every change of a pod's template.
func Patch(d release.Deployment) ([]byte, error) {
	type node = map[string]any
	annotations, _ := PodAnnotations(d)
	return json.Marshal(node{"spec": node{"template": node{"metadata": node{"annotations": annotations}}}})
}
