// Package faulttest is the proof under fire: campaigns are sent through real processes of
// chancela, a real Redis with an append-only file, a real S3 server and the five simulators,
// while all of them are killed, frozen and cut off. It holds tests only.
//
// [TestUnderFire] ends with a table (shown by -v): envelopes, invitations, duplicates, lost,
// in doubt and how many of those nobody could have known, artifacts checked against the
// simulators' own hashes, and what was survived. The short form is part of every run of the
// tests; the long one is
//
//	go test ./jobs/faulttest -run UnderFire -v -timeout 60m -args -envelopes 5000 -kills 100 -redis-crashes 5
//
// Every run prints its seed; -seed repeats the plan of what is sent and what is hurt when. It
// needs redis-server and versitygw, and is skipped without them unless CHANCELA_TEST_REQUIRE
// names redis and s3.
//
// # What is done to them
//
// Workers, schedulers and servers are killed (SIGKILL), frozen (SIGSTOP, some of them for longer
// than a claim holds) and replaced one by one (SIGTERM); each is started again when it ends, as
// an init system does. Redis is killed and started again on its append-only file, every second
// time with a half-written command at the file's end, as a crash of the machine leaves it. The S3
// server is killed or frozen for some seconds. The simulators answer 500 before and after the
// effect, break connections before and after it, are slow, cut downloads and let links die early,
// and for some seconds refuse everything; their webhooks come twice, not at all, or forged.
//
// Redis runs with appendfsync always: what it has answered is on the disk, and there is no
// unsynced tail that could be cut off. With everysec, chancela waits by WAITAOF for its intents
// from Redis 7.2 on; before that it refuses real providers, so that there is no promise to put to
// the test.
//
// # When Redis is lost
//
// [TestRedisLost] runs over three Sentinels and a replica. In each round a campaign is under way
// when Redis is failed over (the replica shut out before, so that acknowledged writes are lost,
// and the master killed, or frozen and let go on), set back to an earlier copy, or emptied; all
// processes are killed or stopped, started again, and all files enqueued again. Without marks in
// the archive about 40 of 100 envelopes are invited twice. The long form takes hours on two cores, with
// -in-flight 300 three quarters of an hour:
//
//	go test ./jobs/faulttest -run RedisLost -v -timeout 300m -args -rounds 20 -in-flight 1000
//
// # What is in doubt, and rightly
//
// sDoc has no way to ask whether a solicitation exists. An envelope may end in doubt there only
// when nobody could know: its solicitation was answered by a 500 or a broken connection, or the
// process that made it was killed or frozen then. The simulator is reached by each process under
// an address of its own, so its log tells which process every solicitation came from.
//
// # Guards
//
// Each was taken out in turn; the tests that fail then, here and elsewhere:
//
//	intent not written                    worker.TestCrashAtEveryBoundary, TestCrashesAtRandom, TestFaultsOfTheInvitingCall
//	barrier not waited for                ledger.TestBarrierWaitsForTheDisk, TestBarrierFailsWithoutAReplica, TestIntentThatIsNotDurable
//	everysec taken for always             ledger.TestInspectChoosesTheBarrier
//	mark not made                         TestRedisLost, worker.TestLedgerLostAtEveryBoundary, TestLedgerSetBack
//	mark made, and no look for another's  marks.TestMarksFollowEachOther, TestOneOfManyMarks, worker.TestLedgerSetBack
//	no look for it before a cancellation  worker.TestCancelInALedgerSetBack, TestCancelOfAllBeforeAnyMarkIsMet, TestCancelOfAllInAWholeLedger
//	no look for it before a failure       worker.TestFailureInALedgerSetBack
//	no look for it before failed ones go  worker.TestForgetInALedgerSetBack, jobs.TestMarksAreLookedForBeforeFailedOnesAreForgotten
//	no look for it by who enqueues        jobs.TestWhatTheArchiveHasIsAdopted, worker.TestEarlierArchiveIsAdopted
//	no look for it before Prepare         worker.TestOneForeignMarkMakesSuspicious
//	no look for the id beside it          worker.TestEarlierArchiveIsAdopted
//	id not written, or at no time         worker.TestIDsThatCanBeAskedForWait, TestIDsAreWrittenWhenTheyHaveWaited, TestIDsAreWrittenBeforeTheEnd
//	missing mark taken for no proof       worker.TestMissingMarkProves
//	missing mark of any archive believed  worker.TestMissingMarkProves, TestUnmarkedIntentOfAWorkerWithoutMarks
//	provider not asked for our key first  worker.TestYoungerLedgerAsksFirst
//	provider not asked before the second  worker.TestCrashAtEveryBoundary, TestDoubtIsSettled, TestUnderFire
//	asked while the call may still leave  TestFrozenInviteIsWaitedFor
//	claim taken while it is held          TestTwoCopiesAtOnce, ledger.TestClaimKeepsOthersOut
//	written or intended after it is lost  ledger.TestClaimKeepsOthersOut, ledger.TestIntentIsTheLastLook
//	version not compared                  ledger.TestWriteChecksTheVersionAndTheState
//	pause not looked at again             ledger.TestIntentIsTheLastLook, worker.TestPauseStopsTheNextInvitation
//	ended envelope claimed                TestFinishedTaskRunsAgain, worker.TestCrashAtEveryBoundary
//	sweeper idle                          TestQueueIsLost, TestActiveForEver, TestArchivedTaskBlocksItsID, TestUndecodable
//	sweeper reuses the task's id          TestActiveForEver, TestArchivedTaskBlocksItsID, TestFrozenWorkerCannotInvite
//	inviting call cut off by a shutdown   TestInvitingCallEnds
//	asynq's usual number of retries       TestCrashesEatNoRetry
//	every scheduler ticks                 TestManySchedulersTickOnce
package faulttest
