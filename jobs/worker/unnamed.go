package worker

import (
	"context"
	"time"

	"github.com/chancela/chancela/storage/ledger"
)

// unnamed is what is said of an envelope whose inviting call was found to have had its effect,
// by an answer that does not name it.
func (t *envelopeTask) unnamed() ledger.Reason {
	return ledger.Reason{Code: ledger.CodeUnnamed, Message: t.rec.Provider + " has it, and its id comes with the first callback, or from you by chancela resolve; stamps of electronic signers are placed only then"}
}

// awaitID lets an envelope rest whose id nobody has told yet: there is nothing to ask for. It
// ends when its last day is over. It is true.
func (w *Worker) awaitID(ctx context.Context, config ProviderConfig, r *ledger.Record) bool {
	if late, _ := w.overdue(ctx, config, []*ledger.Record{r}); late[r] {
		w.endExpired(ctx, r, "the last day to sign is over, and its id was never told: people may still sign there, and it is not waited for any more")
		return true
	}
	// One that cannot be put off comes again when its hold is over.
	_ = w.ledger.Postpone(detached(ctx), ledger.Look, r.Provider, r.Key(), nextLook(config.PollEvery, time.Since(r.SentAt)))
	return true
}
