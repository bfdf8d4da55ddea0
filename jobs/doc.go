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
// What is enqueued is checked first, one by one ([Client.Enqueue]) or as a campaign
// ([Client.EnqueueAll]), and what is wrong comes back as [Problems].
//
// Workers (chancela work, or package jobs/worker) invite, follow and archive. Meanwhile a report's
// State goes from [Queued] to [Archived], or ends in [Declined], [Expired], [Canceled], [Failed] or
// [InDoubt]: [Client.Get] reads it, [Client.Watch] follows it, [Client.Reports] lists a campaign's.
// What happens to an envelope, and what a crash leaves behind, is in the documentation of jobs/worker.
//
// [Client.Retry], [Client.Cancel] and [Client.Remind] are for the envelopes that are named, and refuse
// an empty list with [ErrNoIDs]; [Client.RetryAll], [Client.CancelAll] and [Client.RemindAll] are for a
// whole campaign, and so are [Client.Pause] and [Client.Resume]. A campaign or envelope that is not
// there is [ErrNotFound], content that differs from what an id has [ErrConflict], and what an
// envelope's state does not allow [ErrNotNow].
package jobs
