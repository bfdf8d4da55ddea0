package ledger

import "strings"

// A ledger of before had long names and everything of an envelope in one hash. Whoever changes
// such a record makes it one of today first (upgrade in lua/common.lua); whoever reads it reads
// it as it would become. The two tables are the same, and a test holds them to it.

var shortNames = map[string]string{
	"version": fieldVersion, "gen": fieldGeneration, "provider": fieldProvider, "seq": fieldSeq, "simulated": fieldSimulated,
	"created_at": fieldCreated, "sent_at": fieldSentAt, "completed_at": fieldCompleted, "archived_at": fieldArchived,
	"claim": fieldClaim, "claim_until": fieldClaimUntil, "tries": fieldTries, "envelope_id": fieldEnvelopeID,
	"intent_at": fieldIntentAt, "inviter": fieldInviter, "settle_at": fieldSettleAt, "unchecked": fieldUnchecked, "lane": fieldLane,
	"unfinished": fieldUnfinished, "cancel": fieldCancel, "attempts": fieldAttempts, "error_code": fieldErrorCode, "uninvited": fieldUninvited, "not_before": fieldNotBefore,
}

var blobNames = map[string]string{"envelope": fieldEnvelope, "signers": fieldSigners, "final": fieldFinal, "listed": fieldListed,
	"artifacts": fieldArtifacts, "evidence": fieldEvidence, "trace": fieldTrace, "explanation": fieldExplanation}

func upgraded(old map[string]string) (h map[string]string, blob string) {
	h = make(map[string]string, len(old))
	for f, v := range old {
		switch {
		case f == "state":
			h[fieldState] = letters[State(v)]
		case f == "digest":
			h[fieldDigest] = pack(v)
		case f == "error":
			h[fieldError] = v
			if len(v) > longest {
				h[fieldError] = ""
				blob += plainSection(secError, v)
			}
		case shortNames[f] != "":
			h[shortNames[f]] = v
		case blobNames[f] != "":
			blob += plainSection(blobNames[f][1], v)
		default:
			if step, ok := strings.CutPrefix(f, "step:"); ok {
				h[stepPrefix+step] = v
			}
		}
	}
	return h, blob
}
