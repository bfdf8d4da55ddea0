package ledger

import (
	"encoding/hex"
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
	Bare         bool   // its content is not here: it is known from a mark, until it is enqueued
	AskFirst     bool   // an earlier ledger may have sent it: its provider is asked before anything is made there
	Simulated    bool   // its provider is a simulator
	Seq          int64  // its place in the campaign

	Envelope   json.RawMessage   // as it was enqueued; empty once forgotten
	EnvelopeID string            // the provider's
	Steps      map[string]string // results of the calls before and after the invitation

	IntentAt time.Time // an inviting call was about to be made; its outcome is not recorded
	// Inviter is the claim under which it was made; of calls that repeat each other all of them,
	// with blanks between.
	Inviter string
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
	Fetching     bool // completed, and files of it may be in the archive
	Parked       bool // in no index: it waits for a resume, or has ended
	Carried      bool // in no index: asynq is known to have its task
	Tries        int  // how often a worker has taken it up to send it
	Attempts     int  // that have failed, of what is being tried now
	ErrorCode    string
	ErrorMessage string
	Explanation  string // of the error, in the provider's own words: it may name people

	// Reminders is how often its provider was asked to remind its signers; RemindedAt is when last.
	Reminders  int
	RemindedAt time.Time

	CreatedAt, SentAt, CompletedAt, ArchivedAt time.Time
	NotBefore                                  time.Time

	Signers   json.RawMessage // as the last look saw them
	Final     json.RawMessage // the provider's raw final state
	Listed    json.RawMessage // artifacts to fetch, with their addresses
	Artifacts json.RawMessage // artifacts in the archive
	Evidence  json.RawMessage // what callbacks brought
	Trace     string          // the trace that began at enqueue
}

// Unnamed tells whether people were invited under an id that nobody has told yet.
func (r *Record) Unnamed() bool {
	return r.State == Sent && r.EnvelopeID == "" && r.ErrorCode == CodeUnnamed
}

// Key is CAMPAIGN/ID.
func (r *Record) Key() string { return r.Campaign + "/" + r.ID }

// The fields of a record's hash. A hash stays a listpack, which takes a third of a hash
// table's memory, as long as no value is longer than 64 bytes; what is longer, or only read
// when it is worked on, is in the blob. The digest keeps the name that it had before, so that
// a process of before which enqueues the same envelope finds it there.
const (
	fieldDigest     = "digest"
	fieldState      = "s" // a letter
	fieldVersion    = "v"
	fieldGeneration = "g"
	fieldProvider   = "p"
	fieldSeq        = "n"
	fieldIndex      = "i" // a letter: where it stands
	fieldCreated    = "c"
	fieldClaim      = "k"
	fieldClaimUntil = "u"
	fieldTries      = "t"
	fieldAskFirst   = "Y" // "1"
	fieldSimulated  = "m" // "1"; the campaign is then one with simulated envelopes, too
	fieldEnvelopeID = "e"
	fieldIntentAt   = "a"
	fieldInviter    = "b" // D: the day whose calls that one is counted among, for scripts alone
	fieldSettleAt   = "w"
	fieldUninvited  = "z"
	fieldUnfinished = "f"
	fieldUnchecked  = "x"
	fieldLane       = "l"
	fieldCancel     = "q"
	fieldFetching   = "y" // "1": a worker has begun to archive it
	fieldAttempts   = "r"
	fieldErrorCode  = "o"
	fieldError      = "E" // empty: it is in the blob
	fieldNotBefore  = "d"
	fieldRenewAt    = "h" // when an address in the list ends, or a little before
	fieldReminders  = "j"
	fieldRemindedAt = "J"
	fieldRound      = "G" // of reminders, the last one
	fieldSentAt     = "1"
	fieldCompleted  = "2"
	fieldArchived   = "3"
	stepPrefix      = "+" // and of the pieces of a blob: "#"
)

// Fields of the blob: a point and the letter of their section.
const (
	sectionPrefix    = "."
	fieldEnvelope    = ".E"
	fieldSigners     = ".S"
	fieldFinal       = ".F"
	fieldListed      = ".L"
	fieldArtifacts   = ".A"
	fieldEvidence    = ".V"
	fieldTrace       = ".T"
	fieldExplanation = ".X"
)

// longest is the longest value that leaves a hash a listpack, as Redis is configured by default.
const longest = 64

// letters are the states as a record and its campaign's index have them.
var letters = map[State]string{Queued: "q", Preparing: "p", Sent: "s", Completed: "c", Archived: "a", Declined: "d",
	Expired: "x", Canceled: "k", Failed: "f", InDoubt: "i"}

var byLetter = func() map[string]State {
	m := make(map[string]State, len(letters))
	for s, l := range letters {
		m[l] = s
	}
	return m
}()

// stepFields are the fields of a record's steps.
func (r *Record) stepFields() []string {
	var fields []string
	for step := range r.Steps {
		fields = append(fields, stepPrefix+step)
	}
	return fields
}

const digestVersion = "v1:"

// pack makes a digest half as long.
func pack(digest string) string {
	sum, err := hex.DecodeString(strings.TrimPrefix(digest, digestVersion))
	if err != nil || len(digest) != len(digestVersion)+64 || !strings.HasPrefix(digest, digestVersion) || hex.EncodeToString(sum) != digest[len(digestVersion):] {
		return digest
	}
	return "1" + string(sum)
}

func unpack(digest string) string {
	if len(digest) == 33 && digest[0] == '1' {
		return digestVersion + hex.EncodeToString([]byte(digest[1:]))
	}
	return digest
}

// parse reads a record of the hash and the blob of its key; nil when the hash is empty.
func parse(key string, h map[string]string, blob string) (*Record, error) {
	if len(h) == 0 {
		return nil, nil
	}
	if h["state"] != "" {
		h, blob = upgraded(h)
	}
	unbrief(h)
	at := func(field string) time.Time { return milliTime(h[field]) }
	r := &Record{
		Provider: h[fieldProvider], State: byLetter[h[fieldState]],
		Version: atoi(h[fieldVersion]), Generation: atoi(h[fieldGeneration]), Digest: unpack(h[fieldDigest]), Simulated: h[fieldSimulated] == "1", Seq: atoi(h[fieldSeq]),
		AskFirst:   h[fieldAskFirst] == "1",
		EnvelopeID: h[fieldEnvelopeID], Steps: map[string]string{},
		IntentAt: at(fieldIntentAt), Inviter: h[fieldInviter], SettleAt: at(fieldSettleAt), Carried: h[fieldIndex] == letterOf(task), Parked: h[fieldIndex] == letterOf(none), Uninvited: strings.Fields(h[fieldUninvited]),
		Unfinished: h[fieldUnfinished] == "1", Unchecked: h[fieldUnchecked] == "1", Lane: h[fieldLane], CancelAsked: h[fieldCancel] == "1",
		Fetching: h[fieldFetching] == "1",
		Tries:    int(atoi(h[fieldTries])), Attempts: int(atoi(h[fieldAttempts])), ErrorCode: h[fieldErrorCode], ErrorMessage: h[fieldError],
		NotBefore: at(fieldNotBefore),
		Reminders: int(atoi(h[fieldReminders])), RemindedAt: at(fieldRemindedAt),
		CreatedAt: at(fieldCreated), SentAt: at(fieldSentAt), CompletedAt: at(fieldCompleted), ArchivedAt: at(fieldArchived),
	}
	r.Digest, r.Bare = strings.CutPrefix(r.Digest, bare)
	r.Campaign, r.ID, _ = strings.Cut(key, "/")
	for f, v := range h {
		if step, ok := strings.CutPrefix(f, stepPrefix); ok {
			r.Steps[step] = v
		}
	}
	_, long := h[fieldError]
	return r, r.readBlob(blob, long && r.ErrorMessage == "")
}

// bare stands before the digest of a record without its content, so that the same content
// is not taken for known.
const bare = "="

// formatTime is how a time stands in a field.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
