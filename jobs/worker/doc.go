// Package worker carries envelopes through their provider and into the archive: a [Worker] takes
// the tasks of package queue, and the ledger says what each envelope needs.
//
// # The life of an envelope
//
//	        enqueue
//	           │
//	           ▼    claim                 intent, invite, outcome
//	┌───► queued ───────► preparing ──────────────────────────────► sent
//	│      ▲ │              │  ▲ │                                 ▲ │ │
//	│      │ │ cancel       │  └─┘ not invited: once more    resolve│ │ │ look
//	│      │ ▼              ▼                                       │ │ ▼
//	│      │ canceled     failed          in_doubt ◄────────────────┼─┘ ┌─ completed ─┬─ declined
//	│      │                │             │      │   not at the     │   │      │      ├─ expired
//	│      │                │             │      └── provider ──────┘   │      ▼      └─ canceled
//	│      └────────────────┼─────────────┘ resolve (not sent)          │   archived
//	└───────── retry ───────┴─────────────────────────── failed ◄───────┘
//	                                   (retry: completed)
//
// Each change is one method of storage/ledger/transitions.go, with the same table by method.
//
//	from        to          guard, checked in the same step as the change
//	(none)      queued      the key is new in the ledger, and has no manifest in the archive
//	(none)      archived    the key is new in the ledger and has a manifest: nobody is invited again
//	queued      preparing   the worker's claim
//	queued      canceled    the version that the operator's command has read
//	preparing   sent        the token of the claim that wrote the intent (a fact, however late), or
//	                        the claim of a worker that has settled it, or a verified callback
//	preparing   failed      the claim; no intent stands
//	preparing   in_doubt    the claim; the intent stands and the provider cannot tell, or has refused to
//	preparing   canceled    the claim; no intent stands
//	in_doubt    sent        the operator's resolve, a verified callback, or the late fact
//	in_doubt    queued      the operator's resolve
//	sent        sent        the version: another id, from the operator's resolve or a verified callback;
//	                        only where the id is unchecked, or (resolve) the provider does not know it
//	sent        queued      the operator's resolve as not sent, of one whose id is unchecked
//	sent        in_doubt    the claim; the id is unchecked and the provider does not know it
//	sent        completed,  the version that the look has read; only a look changes it, or, to
//	            declined,   canceled, a claim that has withdrawn it at the provider
//	            expired,
//	            canceled
//	completed   archived    the claim; the manifest is written, and before it every artifact
//	completed   failed      the claim
//	failed      queued, completed    the operator's retry
//	failed      canceled    forget --also-unfinished, the version that it has read; so, too, in_doubt
//	                        and a sent one that its provider does not know
//
// A sent envelope is unchecked when an operator has given its id and nobody could look it up. The
// provider's first word on it, in a look or a callback, confirms it or sends it back into doubt.
//
// # The inviting call
//
// Everything before the invitation is harmless when repeated, and every result is in
// the ledger before the next call leaves. The one call that reaches people is made like
// this: its turn comes; its connection stands; the ledger is asked, in one step, whether
// the claim still holds, the campaign is not paused and the envelope not cancelled, and
// writes the intent; the intent is made durable ([ledger.Barrier]); the bytes leave, within
// [rest.SendWithin] or not at all; the outcome is written. A worker that finds an intent
// without an outcome never invites: it waits until the call cannot be under way any more,
// asks the provider ([providers.Provider.Settle]), and only a definite "not invited" leads to
// another call.
//
// # What a crash leaves behind
//
//	the process dies                      what is found            and what happens
//	after enqueue's record, before task   queued, no task          the sweeper brings a task
//	after a provider's call, before its   a step that is not       the call is repeated: an upload or draft
//	record                                recorded                 too many, nobody is invited
//	after the intent, before the call     an intent                settled: not invited; sent again.
//	                                                               sDoc: in doubt
//	after the call, before the outcome    an intent                settled: invited; sent. sDoc: in doubt, until
//	                                                               a callback names the envelope or an operator does
//	after the outcome, before the task's  sent, stale task         the task's generation is old: it does nothing
//	acknowledgement
//	between two artifacts                 completed, some files    goes on after the last recorded; a file that
//	                                                               is there is read back, not fetched again
//	after the manifest, before its record completed, a manifest    the same files: the record follows
//	Redis, with its last moments          what the barrier kept    an intent is never lost; looks and files are
//	                                                               done again
//	the whole queue                       no tasks                 the sweeper brings them from the ledger
//	the whole ledger                      manifests                what was archived is known again at the next
//	                                                               enqueue; what was under way is not: keep Redis' file
//	a frozen worker wakes up              a claim of another       its writes are refused, its inviting call is cut
package worker
