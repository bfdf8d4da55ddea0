package ledger

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Record is one envelope as the ledger has it.
type Record struct {
	Campaign, ID string
	Provider     string
	State        State
	Version      int64
	Generation   int64  // of its task: a task of an older one does nothing
	Digest       string // of the content that was enqueued
	Simulated    bool   // its provider is a simulator
	Seq          int64  // its place in the campaign

	Envelope   json.RawMessage   // as it was enqueued; empty once forgotten
	EnvelopeID string            // the provider's
	Steps      map[string]string // results of the calls before and after the invitation

	IntentAt time.Time // an inviting call was about to be made; its outcome is not recorded
	Inviter  string    // the claim under which it was made
	// Uninvited are claims whose inviting calls are known to have reached nobody: their marks
	// in the archive do not keep the envelope from being sent.
	Uninvited []string
	// SettleAt is set when the worker that made the call has seen it end without an answer.
	SettleAt time.Time

	// Unchecked: sent under an id that an operator has given and the provider was not there to confirm.
	Unchecked    bool
	Lane         string // the way that its task takes to a worker, where an operator has chosen it
	Unfinished   bool   // sent, but calls after the invitation are due
	CancelAsked  bool
	Tries        int // how often a worker has taken it up to send it
	Attempts     int // that have failed, of what is being tried now
	ErrorCode    string
	ErrorMessage string
	Explanation  string // of the error, in the provider's own words: it may name people

	CreatedAt, SentAt, CompletedAt, ArchivedAt time.Time
	NotBefore                                  time.Time

	Signers   json.RawMessage // as the last look saw them
	Final     json.RawMessage // the provider's raw final state
	Listed    json.RawMessage // artifacts to fetch, with their addresses
	Artifacts json.RawMessage // artifacts in the archive
	Evidence  json.RawMessage // what callbacks brought
	Trace     string          // the trace that began at enqueue
}

// Key is CAMPAIGN/ID.
func (r *Record) Key() string { return r.Campaign + "/" + r.ID }

// Names of the fields that transitions write.
const (
	fieldSimulated   = "simulated" // "1"; the campaign is then one with simulated envelopes, too
	fieldEnvelopeID  = "envelope_id"
	fieldIntentAt    = "intent_at"
	fieldInviter     = "inviter"
	fieldSettleAt    = "settle_at"
	fieldUninvited   = "uninvited"
	fieldUnfinished  = "unfinished"
	fieldUnchecked   = "unchecked"
	fieldLane        = "lane"
	fieldCancel      = "cancel"
	fieldAttempts    = "attempts"
	fieldErrorCode   = "error_code"
	fieldError       = "error"
	fieldExplanation = "explanation"
	fieldNotBefore   = "not_before"
	fieldTries       = "tries"
	fieldCreated     = "created_at"
	fieldSentAt      = "sent_at"
	fieldCompleted   = "completed_at"
	fieldArchived    = "archived_at"
	fieldSigners     = "signers"
	fieldFinal       = "final"
	fieldListed      = "listed"
	fieldArtifacts   = "artifacts"
	fieldEvidence    = "evidence"
	fieldEnvelope    = "envelope"
	fieldTrace       = "trace"
	stepPrefix       = "step:"
)

// stepFields are the fields of a record's steps.
func (r *Record) stepFields() []string {
	var fields []string
	for step := range r.Steps {
		fields = append(fields, stepPrefix+step)
	}
	return fields
}

func parse(h map[string]string) *Record {
	at := func(field string) time.Time {
		ms, err := strconv.ParseInt(h[field], 10, 64)
		if err != nil || ms == 0 {
			return time.Time{}
		}
		return time.UnixMilli(ms).UTC()
	}
	num := func(field string) int64 {
		n, _ := strconv.ParseInt(h[field], 10, 64) // absent: 0
		return n
	}
	raw := func(field string) json.RawMessage {
		if h[field] == "" {
			return nil
		}
		return json.RawMessage(h[field])
	}
	r := &Record{
		Campaign: h["campaign"], ID: h["id"], Provider: h["provider"], State: State(h["state"]),
		Version: num("version"), Generation: num("gen"), Digest: h["digest"], Simulated: h[fieldSimulated] == "1", Seq: num("seq"),
		Envelope: raw(fieldEnvelope), EnvelopeID: h[fieldEnvelopeID], Steps: map[string]string{},
		IntentAt: at(fieldIntentAt), Inviter: h[fieldInviter], SettleAt: at(fieldSettleAt), Uninvited: strings.Fields(h[fieldUninvited]),
		Unfinished: h[fieldUnfinished] == "1", Unchecked: h[fieldUnchecked] == "1", Lane: h[fieldLane], CancelAsked: h[fieldCancel] == "1",
		Tries: int(num(fieldTries)), Attempts: int(num(fieldAttempts)), ErrorCode: h[fieldErrorCode], ErrorMessage: h[fieldError], Explanation: h[fieldExplanation],
		NotBefore: at(fieldNotBefore),
		CreatedAt: at(fieldCreated), SentAt: at(fieldSentAt), CompletedAt: at(fieldCompleted), ArchivedAt: at(fieldArchived),
		Signers: raw(fieldSigners), Final: raw(fieldFinal), Listed: raw(fieldListed),
		Artifacts: raw(fieldArtifacts), Evidence: raw(fieldEvidence), Trace: h[fieldTrace],
	}
	for f, v := range h {
		if step, ok := strings.CutPrefix(f, stepPrefix); ok {
			r.Steps[step] = v
		}
	}
	return r
}

// formatTime is how a time stands in a field.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
