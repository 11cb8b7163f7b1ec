// Package mesh sends requests through Istio routes to the base and to the
// branch version of a service, and tells beforehand where a request would go.
//
// A request names its lane by the header [LaneHeader] or by the entry "lane" of
// W3C Baggage. The route, a VirtualService, chooses the DestinationRule's
// subset by it and sets the response header [AttestHeader] to the lane, by
// which every answer proves which version gave it.
//
// [MakePlan] says what would be created or changed, [Apply] does it and can undo
// it, [Delete] removes it. Nothing that does not carry the labels of this
// package is ever changed or removed. [Load] lists a cluster's objects once,
// and [Snapshot.Route] decides from them alone, without further I/O, where
// Istio 1.31 would send a request; [Check] is both in one.
//
// The mesh-wide defaults are taken to be Istio's own: whatever sets no exportTo
// is seen everywhere, and paths are normalised as by pathNormalization BASE.
package mesh
