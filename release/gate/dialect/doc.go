// Package dialect says one verdict in the words of the tools that ask for it: Flagger's
// webhooks, the web metric of Argo Rollouts, the http step of Kargo, and the query API
// of Prometheus. It translates and nothing else: no clock, no network.
//
// What the tools do with an answer was read in their sources, which the tests cite. In
// every dialect an answer that is lost, refused or misread is at worst a hold or a
// rollback, never a promotion.
package dialect
