// Package annotate tells other systems that a version was deployed: Grafana by an
// annotation, and OpenTelemetry by the attributes of the resource that it runs as, so
// that graphs, traces and logs can be held against the branch, the pipeline and the
// image that they are of.
package annotate
