package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// ManifestName is the file that is written last into an envelope's folder.
const ManifestName = "manifest.json"

// maxManifest bounds what is read of a manifest.
const maxManifest = 16 << 20

// Manifest vouches for an envelope's artifacts: where it is, all of them are.
type Manifest struct {
	Version   int                `json:"version"` // 1
	Report    Report             `json:"report"`
	Digest    string             `json:"digest"` // of the envelope's content as it was enqueued
	Artifacts []ArchivedArtifact `json:"artifacts"`
	Final     json.RawMessage    `json:"final_state"`        // as the provider gave it
	Evidence  json.RawMessage    `json:"evidence,omitempty"` // what its callbacks brought
}

// ArchivedArtifact is an artifact in the archive, with where it came from.
type ArchivedArtifact struct {
	Artifact
	Source string `json:"source"`
	ID     string `json:"id,omitempty"` // the provider's id of the document or signer it belongs to
	Path   string `json:"path"`         // relative to the archive
}

// ReadManifest reads an envelope's manifest; archive.ErrNotFound when there is none.
func ReadManifest(ctx context.Context, store archive.Archive, campaign, id string) (Manifest, error) {
	return readManifest(ctx, store, archive.EnvelopeKey(campaign, id, ManifestName))
}

func readManifest(ctx context.Context, store archive.Archive, key string) (Manifest, error) {
	r, _, err := store.Open(ctx, key)
	if err != nil {
		return Manifest{}, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return Manifest{}, fmt.Errorf("reading %s: %w", key, err)
	}
	if len(b) > maxManifest {
		return Manifest{}, fmt.Errorf("reading %s: %w: larger than %d bytes", key, errManifest, maxManifest)
	}
	return DecodeManifest(key, b)
}

// errManifest is the kind of errors about what a manifest says.
var errManifest = errors.New("not a manifest")

// DecodeManifest decodes a manifest and refuses one that vouches for files outside its
// own folder.
func DecodeManifest(key string, b []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("reading %s: %w: %w", key, errManifest, err)
	}
	if m.Version != 1 {
		return m, fmt.Errorf("reading %s: %w: version %d is not known", key, errManifest, m.Version)
	}
	folder := strings.TrimSuffix(key, ManifestName)
	for _, f := range m.Artifacts {
		if archive.CheckKey(f.Path) != nil || !strings.HasPrefix(f.Path, folder) || strings.Contains(f.Path[len(folder):], "/") {
			return m, fmt.Errorf("reading %s: %w: it names a file outside its folder", key, errManifest)
		}
	}
	return m, nil
}

// content is what a new record of an envelope that is archived already begins with.
func (m Manifest) Content() (ledger.Content, error) {
	filed, err := Kept(m.Artifacts)
	if err != nil {
		return ledger.Content{}, err
	}
	signers := make([]providers.SignerStatus, len(m.Report.Signers))
	for i, s := range m.Report.Signers {
		signers[i] = providers.SignerStatus{Name: s.Name, Email: s.Email, State: s.State}
		if s.SignedAt != nil {
			signers[i].SignedAt = *s.SignedAt
		}
	}
	seen, err := json.Marshal(signers)
	if err != nil {
		return ledger.Content{}, err
	}
	envelope, err := json.Marshal(providers.Envelope{Campaign: m.Report.Campaign, ID: m.Report.ID, Provider: m.Report.Provider, Subject: m.Report.Subject, Meta: m.Report.Meta})
	if err != nil {
		return ledger.Content{}, err
	}
	at := func(t *time.Time) time.Time {
		if t == nil {
			return time.Time{}
		}
		return *t
	}
	return ledger.Content{Envelope: envelope, Simulated: m.Report.Simulated, EnvelopeID: m.Report.EnvelopeID, Signers: seen, Artifacts: filed,
		CreatedAt: at(m.Report.CreatedAt), Tries: m.Report.Attempts, SentAt: at(m.Report.SentAt), CompletedAt: at(m.Report.CompletedAt), ArchivedAt: at(m.Report.ArchivedAt)}, nil
}

// write files the manifest. One that vouches for the same files is the same: only its
// times may differ, when a worker died between the manifest and its record.
func (m Manifest) Write(ctx context.Context, store archive.Archive) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	key := archive.EnvelopeKey(m.Report.Campaign, m.Report.ID, ManifestName)
	_, err = store.Put(ctx, key, bytes.NewReader(append(b, '\n')), "application/json", nil)
	if !errors.Is(err, archive.ErrConflict) {
		return err
	}
	have, readErr := readManifest(ctx, store, key)
	if readErr != nil {
		return fmt.Errorf("%w, and it cannot be read: %w", err, readErr)
	}
	same := func(a, b ArchivedArtifact) bool { return a.Path == b.Path && a.SHA256 == b.SHA256 && a.Size == b.Size }
	if have.Digest == m.Digest && slices.EqualFunc(have.Artifacts, m.Artifacts, same) {
		return nil
	}
	return err
}

// Of tells a person what the ledger has on an envelope.
func Of(r *ledger.Record) (Report, error) {
	filed, err := Archived(r)
	if err != nil {
		return Report{}, err
	}
	return OfFiled(r, filed)
}

// OfFiled is Of for who has the files at hand that are archived.
func OfFiled(r *ledger.Record, filed []ArchivedArtifact) (Report, error) {
	rep := Report{
		Campaign: r.Campaign, ID: r.ID, Provider: r.Provider, State: string(r.State),
		EnvelopeID: r.EnvelopeID, Attempts: r.Tries,
		CreatedAt: Time(r.CreatedAt), SentAt: Time(r.SentAt),
		CompletedAt: Time(r.CompletedAt), ArchivedAt: Time(r.ArchivedAt),
		Reminders: r.Reminders, RemindedAt: Time(r.RemindedAt),
		Simulated: r.Simulated,
	}
	if r.ErrorCode != "" {
		rep.Error = &Error{Code: r.ErrorCode, Message: r.ErrorMessage, Explanation: r.Explanation}
	}
	var e told
	if len(r.Envelope) > 0 {
		var content any = &e
		if len(r.Signers) > 0 {
			content = &e.said // and nobody who was asked
		}
		if err := json.Unmarshal(r.Envelope, content); err != nil {
			return rep, fmt.Errorf("the ledger's envelope %s: %w", r.Key(), err)
		}
	}
	rep.Meta, rep.Subject = e.Meta, e.Subject
	var seen []providers.SignerStatus
	if len(r.Signers) > 0 {
		if err := json.Unmarshal(r.Signers, &seen); err != nil {
			return rep, fmt.Errorf("the ledger's signers of %s: %w", r.Key(), err)
		}
	}
	for _, s := range e.Signers {
		seen = append(seen, providers.SignerStatus{Name: s.Name, Email: s.Email, State: providers.SignerPending})
	}
	for _, s := range seen {
		rep.Signers = append(rep.Signers, Signer{Name: s.Name, Email: s.Email, State: s.State, SignedAt: Time(s.SignedAt), Reason: s.Reason})
	}
	rep.addFindings(r.Evidence)
	for _, f := range filed {
		f.Name = path.Base(f.Path)
		rep.Artifacts = append(rep.Artifacts, f.Artifact)
	}
	return rep, nil
}

// told is what reports tell of an envelope's content: a report of a million reads nothing else of it.
type told struct {
	said
	Signers []struct { // until a look has seen them
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"signers"`
}

type said struct {
	Subject string            `json:"subject"`
	Meta    map[string]string `json:"meta"`
}

// Kept is what the ledger keeps of the files of an archived envelope: where they came from is in
// the manifest, and nobody asks the ledger for it.
func Kept(filed []ArchivedArtifact) (json.RawMessage, error) {
	filed = slices.Clone(filed)
	for i := range filed {
		filed[i].Source, filed[i].ID = "", ""
	}
	return json.Marshal(filed)
}

// Archived is which files the ledger has as archived.
func Archived(r *ledger.Record) ([]ArchivedArtifact, error) {
	if len(r.Artifacts) == 0 {
		return nil, nil
	}
	var filed []ArchivedArtifact
	if err := json.Unmarshal(r.Artifacts, &filed); err != nil {
		return nil, fmt.Errorf("the ledger's artifacts of %s: %w", r.Key(), err)
	}
	return filed, nil
}
