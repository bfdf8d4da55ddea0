package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/chancela/chancela/providers"
)

// Entry is what the sandbox knows of one envelope. Two entries with one key are one
// envelope sent twice.
type Entry struct {
	Provider string `json:"provider"`
	ID       string `json:"id"` // the provider's
	// Key is CAMPAIGN/ID as far as the provider was told it: Catalisa's businessId,
	// Contraktor's metadata, sDoc's callback. Empty at Certyneo and QI Sign.
	Key         string    `json:"key,omitempty"`
	Title       string    `json:"title"`
	State       string    `json:"state"` // in the provider's own word
	Ended       bool      `json:"ended"`
	Invitations int       `json:"invitations"` // times that people were asked to sign
	Reminders   int       `json:"reminders"`
	Signers     []Person  `json:"signers"`
	Artifacts   []Served  `json:"artifacts"` // as they are served once the envelope is complete
	Violations  int       `json:"violations"`
	CreatedAt   time.Time `json:"created_at"`
	SentAt      time.Time `json:"sent_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
}

// Person is a signer in the books.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	State string `json:"state"` // waiting, invited, viewed, signed, approved, declined
}

// Served is a file that the provider offers.
type Served struct {
	Kind   providers.Kind `json:"kind"`
	ID     string         `json:"id,omitempty"` // of the document or signer it belongs to
	SHA256 string         `json:"sha256"`
	Size   int            `json:"size"`
}

// Violation is a request that contradicts a reference.
type Violation struct {
	Provider  string    `json:"provider"`
	Route     string    `json:"route"`
	ID        string    `json:"id,omitempty"` // the provider's envelope id, where it was named
	Rule      string    `json:"rule"`
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s (%s)", v.Provider, v.Route, v.Rule, v.Reference)
}

// Books gives every envelope that was ever created, in order, provider by provider.
func (s *Sandbox) Books() []Entry {
	entries := []Entry{}
	for _, name := range s.o.names() {
		svc := s.services[name]
		svc.mu.Lock()
		for _, rec := range svc.records {
			entries = append(entries, rec.entry(name))
		}
		svc.mu.Unlock()
	}
	return entries
}

func (r *record) entry(provider string) Entry {
	e := Entry{
		Provider: provider, ID: r.id, Key: r.key, Title: r.title, State: r.state, Ended: !r.ended.IsZero(),
		Invitations: r.invitations, Reminders: r.reminders, Violations: r.violations,
		Signers: []Person{}, Artifacts: []Served{},
		CreatedAt: r.created.UTC(), SentAt: r.sent.UTC(), EndedAt: r.ended.UTC(),
	}
	for _, p := range r.people {
		e.Signers = append(e.Signers, Person{p.name, p.email, string(p.state)})
	}
	for _, a := range r.artifacts {
		e.Artifacts = append(e.Artifacts, a.Served)
	}
	return e
}

// Violations gives every request that contradicted a reference, provider by provider.
func (s *Sandbox) Violations() []Violation {
	all := []Violation{}
	for _, name := range s.o.names() {
		svc := s.services[name]
		svc.mu.Lock()
		all = append(all, svc.violations...)
		svc.mu.Unlock()
	}
	return all
}

// Requests counts a provider's requests by route, those that a fault met before their
// effect left out.
func (s *Sandbox) Calls(provider string) map[string]int {
	svc, ok := s.services[provider]
	if !ok {
		return nil
	}
	svc.mu.Lock()
	defer svc.mu.Unlock()
	return maps.Clone(svc.calls)
}

// artifact is a file that is made anew, byte for byte the same, whenever it is served.
type artifact struct {
	Served
	contentType string
	make        func() []byte
}

// offer enters a file into the books.
func (r *record) offer(kind providers.Kind, id, contentType string, make func() []byte) {
	content := make()
	sum := sha256.Sum256(content)
	r.artifacts = append(r.artifacts, artifact{
		Served:      Served{kind, id, hex.EncodeToString(sum[:]), len(content)},
		contentType: contentType, make: make,
	})
}

// serve answers with the file.
func (a artifact) serve() *reply { return file(a.contentType, a.make()) }

// artifact is what the envelope offers under a kind and an id.
func (r *record) artifact(kind providers.Kind, id string) (artifact, bool) {
	for _, a := range r.artifacts {
		if a.Kind == kind && a.ID == id {
			return a, true
		}
	}
	return artifact{}, false
}

// resource is a file at a presigned address.
type resource func() *reply

// newLink makes an address of a resource as object storage has it: the expiry and a
// signature stand in its query, and it takes no key. The same name is the same
// resource. A lifetime of 0 never ends. The caller holds the lock.
func (s *Service) newLink(path, name string, lifetime time.Duration, r resource) string {
	path += name
	s.resources[path] = r
	expires := ""
	if lifetime > 0 {
		expires = s.sb.now().Add(lifetime).UTC().Format(time.RFC3339Nano)
	}
	return s.url(path) + "?" + url.Values{"expires": {expires}, "signature": {s.linkSignature(path, expires)}}.Encode()
}

func (s *Service) linkSignature(path, expires string) string {
	return s.secret("link " + path + " " + expires)[:32]
}

// checkLink refuses what is no address of newLink any more. Storage knows nothing of
// the API's key, and whoever sends it there has given it away. A dead link answers as
// S3 does.
func (s *Service) checkLink(r *http.Request, reference string) *reply {
	if r.Header.Get("Authorization") != "" {
		s.violate(visitOf(r).route, "", "the API's key was sent to a storage address", reference)
	}
	expires := r.URL.Query().Get("expires")
	if r.URL.Query().Get("signature") != s.linkSignature(r.URL.Path, expires) {
		return storageError(http.StatusForbidden, "SignatureDoesNotMatch", "The signature does not match")
	}
	end, err := time.Parse(time.RFC3339Nano, expires)
	dead := visitOf(r).deadLink
	if dead {
		s.sb.faults.count(DeadLink)
	}
	if dead || (err == nil && !s.sb.now().Before(end)) {
		return storageError(http.StatusForbidden, "AccessDenied", "Request has expired")
	}
	return nil
}

// follow serves the addresses of newLink.
func (s *Service) follow(reference string) func(*http.Request) *reply {
	return func(r *http.Request) *reply {
		if no := s.checkLink(r, reference); no != nil {
			return no
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		found, ok := s.resources[r.URL.Path]
		if !ok {
			return storageError(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		}
		return found()
	}
}

func storageError(status int, code, message string) *reply {
	body := "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>"
	return &reply{status: status, file: []byte(body), fileType: "application/xml"}
}
