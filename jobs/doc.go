// Package jobs enqueues envelopes for electronic signature and steers them.
//
//	client, err := jobs.Open(ctx, "redis://localhost:6379/0", "s3://contracts/2026")
//	accepted, err := client.Enqueue(ctx, jobs.Envelope{Campaign: "leases-june", ID: "0001", ...})
//	report, err := client.Get(ctx, accepted.Key)
//
// On one machine "local:redis", a folder, takes the place of the Redis' address: redis-server runs
// there as long as a client or a chancela of this machine uses it.
//
// Campaign and id are the idempotency key: the same envelope again is success and sends nothing.
// Workers (chancela work, or package jobs/worker) invite, follow and archive. What happens to an
// envelope, and what a crash leaves behind, is in the documentation of jobs/worker.
package jobs
