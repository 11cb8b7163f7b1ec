// Package run sends cases to a provider, has their answers checked, and groups
// what is broken by its cause: each cause is asked again, made as small as it can
// be, and shown by one example.
//
// Cases run side by side, the steps of one in order. What a case of one request
// needs to be there first (contract.Setup) each worker makes for itself, and again
// once it is gone.
package run
