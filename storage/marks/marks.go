// Package marks keeps in the archive what must outlive the ledger: that people are about
// to be asked to sign, and under which id they were.
//
// Before the call that reaches people leaves, invited.json is made in the envelope's folder
// of the archive; when it has succeeded, sent.json, at once or before long. Nothing in an archive is ever replaced,
// so of two workers, or of two ledgers that do not know of each other, one makes the mark:
// whoever finds another's does not invite, and finds out what became of that call.
//
// An envelope whose call is known to have invited nobody may be sent again, under the next
// mark: invited.2.json. It is made by the same rule, and only by one who knows of the last
// mark that there is that it has invited nobody: because its own ledger says so (it was
// told by the provider, or by a person), or because refused.json stands beside it, the
// provider's definite refusal. So there are no gaps, and only the last mark counts.
//
// A mark is made before its call leaves. So an intent to invite in the ledger, of a claim
// that marks in this archive, proves by a missing mark that its call has not left.
//
// Marks hold ids, times and a hash: nobody's name or address. They stay when a campaign is
// forgotten, and so nobody is invited again by a ledger that has forgotten, too.
//
// What was canceled before it was sent has no mark. It stands in lists of its own, in the
// campaign's folder _canceled, which are made a while after the cancellation (canceled.go).
package marks

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chancela/chancela/storage/archive"
)

// Mark says that the inviting call of an envelope is about to be made.
type Mark struct {
	Version     int               `json:"version"` // 1
	Campaign    string            `json:"campaign"`
	ID          string            `json:"id"`
	Digest      string            `json:"digest"` // of the envelope's content as it was enqueued
	Provider    string            `json:"provider"`
	Environment string            `json:"environment"`     // production, sandbox or simulated
	Steps       map[string]string `json:"steps,omitempty"` // what the calls before it have brought
	Claim       string            `json:"claim"`           // the one word that only the maker of the call has
	Accepted    time.Time         `json:"accepted_at"`     // when the envelope was enqueued
	At          time.Time         `json:"at"`
	Within      int64             `json:"within_ms,omitempty"` // how long after that the call may take

	number int
}

// Sent says under which id people were invited.
type Sent struct {
	Version    int               `json:"version"` // 1
	Provider   string            `json:"provider"`
	EnvelopeID string            `json:"envelope_id"`
	Steps      map[string]string `json:"steps,omitempty"` // what the call itself has brought
	At         time.Time         `json:"at"`
}

// Refusal says that the call of the mark beside it was refused by the provider, or has not
// left, and so has invited nobody.
type Refusal struct {
	Version int       `json:"version"` // 1
	Code    string    `json:"code"`
	At      time.Time `json:"at"`
}

// Simulated is the environment of a provider that is a simulator.
const Simulated = "simulated"

const (
	version  = 1
	maxBytes = 1 << 20

	invited  = "invited"
	refused  = "refused"
	sentName = "sent.json"
)

// TakenError: somebody else has marked the envelope. It is not to be sent: what became of
// that call is to be found out.
type TakenError struct {
	Mark     Mark // the last
	Standing Standing
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("%s/%s: somebody has marked this envelope as invited at %s", e.Mark.Campaign, e.Mark.ID, e.Mark.At.Format(time.RFC3339))
}

// Book is the marks of an archive.
type Book struct {
	archive archive.Archive

	mu    sync.Mutex
	place string // once it is known
}

// New returns the marks of an archive.
func New(a archive.Archive) *Book { return &Book{archive: a} }

// PlaceKey holds the word that tells an archive from every other one.
const PlaceKey = archive.Own + "/marks.txt"

// Place is a word that this archive alone has. It is empty where two writers at the same
// moment are not kept apart: there a mark that is missing proves nothing.
func (b *Book) Place(ctx context.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.place != "" || !b.archive.Exclusive() {
		return b.place, nil
	}
	place, err := b.readPlace(ctx)
	if errors.Is(err, archive.ErrNotFound) {
		_, err = b.archive.Put(ctx, PlaceKey, strings.NewReader(rand.Text()[:placeLength]+"\n"), "text/plain", nil)
		if err == nil || errors.Is(err, archive.ErrConflict) { // somebody was first
			place, err = b.readPlace(ctx)
		}
	}
	if err != nil {
		return "", fmt.Errorf("where marks are made: %w", err)
	}
	b.place = place
	return place, nil
}

const placeLength = 12

func (b *Book) readPlace(ctx context.Context) (string, error) {
	r, _, err := b.archive.Open(ctx, PlaceKey)
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, 64))
	if err != nil {
		return "", err
	}
	place := strings.TrimSuffix(string(content), "\n")
	if len(place) != placeLength || strings.ContainsAny(place, ". \n") {
		return "", fmt.Errorf("archive %s: it names no place", PlaceKey)
	}
	return place, nil
}

// Unmarked tells whether a claim's call has certainly not invited anybody, as far as the
// archive says: it was never marked, or it was refused. void is as for Make. Nobody may be
// about to make the mark any more.
func (b *Book) Unmarked(ctx context.Context, campaign, id, claim string, void func(claim string) bool) (bool, error) {
	last, s, err := b.Last(ctx, campaign, id)
	switch {
	case s.Sent:
		return false, nil
	case errors.Is(err, archive.ErrNotFound) && s.Marks == 0:
	case err != nil:
		return false, err
	case !s.Refused && (last.Claim == claim || !void(last.Claim)):
		return false, nil
	}
	// The next mark is asked for by its name: a list may be older than what it lists.
	_, err = b.archive.Stat(ctx, archive.EnvelopeKey(campaign, id, name(invited, s.Marks+1)))
	if errors.Is(err, archive.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// ErrFull: an envelope has so many marks that something else is wrong.
var ErrFull = errors.New("an envelope has too many marks")

// mostMarks bounds how often an envelope is marked: far above what attempts can need.
const mostMarks = 1000

// Make makes the next mark of an envelope: the first, or the one after a last mark that has
// invited nobody, as a refusal beside it says, or void of its claim. Otherwise it is a
// [TakenError]. When it returns nil nobody else has made this mark or will.
func (b *Book) Make(ctx context.Context, m Mark, void func(claim string) bool) (made Mark, err error) {
	m.Version, m.number = version, 1
	for m.number <= mostMarks {
		err := b.put(ctx, m.Campaign, m.ID, name(invited, m.number), m)
		if err == nil {
			return m, nil
		}
		if !errors.Is(err, archive.ErrConflict) {
			return m, fmt.Errorf("marking the invitation of %s/%s: %w", m.Campaign, m.ID, err)
		}
		last, standing, err := b.Last(ctx, m.Campaign, m.ID)
		if err != nil {
			return m, err
		}
		if standing.Sent || !standing.Refused && !void(last.Claim) {
			return m, &TakenError{last, standing}
		}
		m.number = last.number + 1
	}
	return m, fmt.Errorf("%s/%s: %w", m.Campaign, m.ID, ErrFull)
}

// Last reads the last mark of an envelope; archive.ErrNotFound when there is none.
func (b *Book) Last(ctx context.Context, campaign, id string) (Mark, Standing, error) {
	var s Standing
	folder := campaign + "/" + id + "/"
	for o, err := range b.archive.List(ctx, folder) {
		if err != nil {
			return Mark{}, s, fmt.Errorf("looking for marks of %s/%s: %w", campaign, id, err)
		}
		s.See(strings.TrimPrefix(o.Key, folder))
	}
	m, err := b.read(ctx, campaign, id, s)
	return m, s, err
}

// read reads the last mark of an envelope of which is known what stands in the archive.
func (b *Book) read(ctx context.Context, campaign, id string, s Standing) (Mark, error) {
	if s.Marks == 0 {
		return Mark{}, fmt.Errorf("a mark of %s/%s: %w", campaign, id, archive.ErrNotFound)
	}
	m := Mark{number: s.Marks}
	file := name(invited, s.Marks)
	if err := b.get(ctx, campaign, id, file, &m); err != nil {
		return m, err
	}
	if m.Version != version || m.Campaign != campaign || m.ID != id || m.Claim == "" {
		return m, fmt.Errorf("archive %s: it is not this envelope's mark", archive.EnvelopeKey(campaign, id, file))
	}
	return m, nil
}

// Refuse says that the call of a mark was refused: nobody was invited by it.
func (b *Book) Refuse(ctx context.Context, m Mark, code string) error {
	err := b.put(ctx, m.Campaign, m.ID, name(refused, m.number), Refusal{version, code, time.Now().UTC().Truncate(time.Millisecond)})
	if err != nil && !errors.Is(err, archive.ErrConflict) { // whoever was there first says the same
		return fmt.Errorf("keeping the refusal of %s/%s: %w", m.Campaign, m.ID, err)
	}
	return nil
}

// Send says that an envelope's people were invited. What was said first stays.
func (b *Book) Send(ctx context.Context, campaign, id string, s Sent) error {
	s.Version = version
	if err := b.put(ctx, campaign, id, sentName, s); err != nil && !errors.Is(err, archive.ErrConflict) {
		return fmt.Errorf("keeping the id of %s/%s: %w", campaign, id, err)
	}
	return nil
}

// Sent reads under which id an envelope's people were invited; archive.ErrNotFound when
// nobody has said.
func (b *Book) Sent(ctx context.Context, campaign, id string) (Sent, error) {
	var s Sent
	if err := b.get(ctx, campaign, id, sentName, &s); err != nil {
		return s, err
	}
	if s.Version != version || s.EnvelopeID == "" {
		return s, fmt.Errorf("archive %s: it tells no id", archive.EnvelopeKey(campaign, id, sentName))
	}
	return s, nil
}

func (b *Book) put(ctx context.Context, campaign, id, file string, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = b.archive.Put(ctx, archive.EnvelopeKey(campaign, id, file), bytes.NewReader(append(content, '\n')), "application/json", nil)
	return err
}

func (b *Book) get(ctx context.Context, campaign, id, file string, v any) error {
	key := archive.EnvelopeKey(campaign, id, file)
	r, _, err := b.archive.Open(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	if len(content) > maxBytes {
		return fmt.Errorf("reading %s: larger than %d bytes", key, maxBytes)
	}
	if err := json.Unmarshal(content, v); err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	return nil
}

// name is KIND.json for the first mark, KIND.N.json for the N-th.
func name(kind string, number int) string {
	if number == 1 {
		return kind + ".json"
	}
	return kind + "." + strconv.Itoa(number) + ".json"
}

// number is the mark's of a file's name; 0 when it is none of that kind.
func number(kind, file string) int {
	middle, ok := strings.CutPrefix(file, kind+".")
	if !ok {
		return 0
	}
	if middle == "json" {
		return 1
	}
	n, err := strconv.Atoi(strings.TrimSuffix(middle, ".json"))
	if err != nil || n < 2 || n > mostMarks || name(kind, n) != file {
		return 0
	}
	return n
}
