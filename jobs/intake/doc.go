// Package intake judges an envelope before anybody keeps it. CSV, HTTP API and Go
// package share it: [Normalize] brings an envelope into the one form that everything
// after it relies on and tells all that is wrong, [Measure] looks into its documents,
// [Digest] tells it from others with the same key, and [InvitationOf] finds others that
// ask the same people.
//
// It stands on the providers' words alone, and knows neither the queue nor the worker.
package intake
