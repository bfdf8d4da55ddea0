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
//	(none)      queued      the key is new in the ledger, and has neither manifest nor mark in the archive
//	(none)      preparing   the key is new in the ledger and is marked in the archive: it is settled
//	(none)      archived    the key is new in the ledger and has a manifest: nobody is invited again
//	queued      preparing   the worker's claim; also of one that is to be cancelled and is marked
//	queued      canceled    the version that the operator's command has read
//	preparing   preparing   the claim; the intent that it has read stands, and the call is made once more
//	preparing   sent        the token of the claim that wrote the intent (a fact, however late), or
//	                        the claim of a worker that has settled it, or a verified callback
//	preparing   preparing   the claim; a mark is found that this ledger does not know: it is settled
//	preparing   failed      the claim; no intent stands
//	preparing   in_doubt    the claim; the intent stands and the provider cannot tell, or has refused to
//	preparing   canceled    the claim; no intent stands
//	in_doubt    sent        the operator's resolve, a verified callback, or the late fact
//	in_doubt    queued      the operator's resolve
//	sent        sent        the version: another id, from the operator's resolve or a verified callback;
//	                        only where there is none or it is unchecked, or (resolve) the provider does
//	                        not know it; or the id as a late fact, where there is none
//	sent        queued      the operator's resolve as not sent, of one whose id is unchecked or not known
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
// Everything before the invitation is harmless when repeated. Its results are written with the
// intent, or with the claim's next renewal or change, whatever is first, in the order in which
// they came: what is recorded is always the beginning of what was done. The one call that
// reaches people is made like this: its turn comes; its connection stands; the ledger is asked, in one step, whether
// the claim still holds, the campaign is not paused and the envelope not cancelled, and
// writes the intent; the intent is made durable ([ledger.Durability]); its mark is made in the
// archive (package marks: invited.json); the bytes leave, within [rest.Within] or not at
// all; the outcome is written, and beside it the id goes to the archive (sent.json). An id that
// the provider can be asked for ([providers.Info].SettleAll) goes there a minute later, and not
// at all when there is a manifest by then. A worker
// that finds an intent without an outcome never invites: it takes the id from the archive, or
// waits until the call cannot be under way any more and asks the provider
// ([providers.Provider.Settle]), and only a definite "not invited" leads to another call.
//
// Where the provider cannot tell (sDoc), the order of these writes may: a claim's token says
// in which archive its mark is made. An intent of such a claim without its mark in that very
// archive, or with a refusal beside it, has invited nobody once the quiet period is over.
//
// # The inviting call, once more
//
// Where the provider cannot tell, but a single-use token guards its call ([providers.Info].TokenLife,
// sDoc's uploads), the same call is made once more after the quiet period, with the same token: it
// invites, as the first had never arrived, or is refused, as the token was used. Then the envelope
// is sent, and its id comes with the first callback; the report says so until then. This is off
// until chancela doctor has seen on this very account that a second use is refused
// ([providers.SecondUseRefused]), and ends before the token's life does. The repeated call is an
// inviting call: it has its turn, its durable intent, which names the calls that it repeats, and
// its own mark, the next one, which only one may make who knows the last mark to be of one of
// these. It waits for a pause, and is not made when the envelope is to be cancelled. Marks keep no
// token's time: a ledger that adopts another's call never repeats it. A repeated call that is
// refused for another reason says nothing of those before it, and its mark is never called refused.
//
// # When the ledger is lost
//
// An intent is as lost as its ledger; its mark is not. A mark carries the claim that made it,
// a word that nobody else has and that no earlier copy of the ledger can hold. So whoever
// makes a mark and finds one there knows that it is another's: of a lost ledger, of the time
// after the copy that was put back, of a master that has lost an election, of a second ledger
// over the same archive. It does not invite. It writes that mark's claim and steps into its
// own ledger as an intent, and settles it, as above. The quiet period counts from there: no
// two ledgers' clocks are compared. The worker that made the call may still live, and writes
// its outcome under its claim, which the new ledger now knows, too.
//
// enqueue lists a campaign that its ledger does not know, or of which many envelopes are new
// to it, and records marked envelopes with their intent at once; so does a worker for
// campaigns in which it has met a foreign mark. Otherwise nothing is asked before the mark
// itself: it costs one write and no read. A ledger that has found such marks is younger than
// its campaign, and says so ([ledger.Ledger.Younger]): of what is new to it there, Prepare asks
// the provider first where our key can be asked for ([providers.Job].AskFirst).
//
// Nothing ends as if nobody had been invited before its mark was looked for. Who cancels a
// campaign lists it once; where that cannot be done, or the ledger is younger, what is queued is
// cancelled by a worker, who looks for the mark and withdraws what was sent. A worker whose
// envelope fails looks, too, and so does who forgets failed ones.
//
// Nobody is invited a second time under one mark. What may be sent again (the provider has
// said that nobody was invited, or an operator has resolved it as not sent) is sent under the
// next mark, invited.2.json, which only one who knows the last mark to have reached nobody
// may make: the ledger has the claims that did ([ledger.Record].Uninvited), and a refusal
// stands in the archive (refused.json). Of two ledgers that both know it, one makes it.
//
//	what is lost with the ledger                   what the next ledger finds, and does
//	before the mark                                no mark: sent as a new envelope
//	after the mark, before the call                a mark: settled: not invited, sent again under the next
//	                                               one. sDoc: in doubt, because nobody can know
//	after the call, before sent.json               a mark: settled: invited. sDoc: in doubt, until a callback
//	after the outcome, before sent.json            a mark: settled: invited. Not at sDoc, whose id is waited for
//	after a refusal, before refused.json           a mark: settled: not invited. sDoc: in doubt
//	after refused.json                             a refused mark: sent again, under the next one
//	after sent.json, before the outcome, or later  the id: sent; its looks and files are done again
//	after the manifest                             archived
//	an operator's resolve as not sent              the mark: settled anew. sDoc: in doubt again
//	an envelope that failed, or was cancelled      no mark, or one that was refused: enqueue takes it as a new
//	before it was sent                             one
//	a pause, a wish to cancel, a retry             nothing: they are to be given again
//
// A ledger made from the archive (chancela rebuild) knows marked envelopes without their people
// and documents: they are settled and followed, and fail with no_content where they would be
// needed. Their file, enqueued again, brings them, and what had failed for that goes on.
//
// Marks off (Config.Marks is nil) leave the last table as it was before: what is not archived is
// not known, and is sent again.
//
// # What a crash leaves behind
//
//	the process dies                      what is found            and what happens
//	after enqueue's record, before task   queued, no task          the sweeper brings a task: the batch is due
//	after a provider's calls, before      steps that are not       the calls are repeated: uploads and drafts
//	their record: 2 s at most             recorded                 too many, nobody is invited
//	after the intent, before its mark     an intent                settled: not invited; sent again
//	after its mark, before the call       an intent                settled: not invited; sent again.
//	                                                               sDoc: in doubt
//	after refused.json, before its record an intent                settled: not invited; sent again
//	after the call, before the outcome    an intent                settled: invited; sent. sDoc: in doubt, until
//	and before sent.json                                           a callback names the envelope or an operator does
//	after sent.json, before the outcome   an intent, an id         sent, without a question
//	after the outcome, before sent.json   sent                     nothing: a ledger that is lost, too, has the
//	                                                               provider asked
//	after the outcome, before the task's  sent, stale task         the task's generation is old: it does nothing
//	acknowledgement
//	after the look that sees the end,     completed, with the      the claim lapses, and the sweeper brings a
//	while the same process archives it    look's claim, no task    task
//	between two artifacts                 completed, begun to be   the list is asked for again; a file that is
//	                                      archived, some files     there is read back, not fetched again
//	after the manifest, before its record completed, a manifest    the same files: the record follows
//	Redis, with its last moments          what the barrier kept    a lost intent has its mark: settled; looks and
//	                                                               files are done again
//	the whole queue                       no tasks                 the sweeper brings them from the ledger
//	the whole ledger                      manifests and marks      known again at the next enqueue: see above
//	a frozen worker wakes up              a claim of another       its writes are refused, its inviting call is cut
package worker
