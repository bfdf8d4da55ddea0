package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/archive"
	"github.com/chancela/chancela/storage/ledger"
)

// presignFor is how long the address of a file in a bucket is good for. A choice.
const presignFor = 5 * time.Minute

func (s *Server) artifacts(a huma.API) {
	type in struct {
		EnvelopePath
		Name string `path:"name" doc:"The file's name: the end of its key in the report, or manifest.json."`
	}
	header := map[string]*huma.Param{"Location": {Schema: &huma.Schema{Type: huma.TypeString}}}
	register(s, a, huma.Operation{OperationID: "get-artifact", Method: http.MethodGet, Path: "/v1/campaigns/{campaign}/envelopes/{id}/artifacts/{name}",
		Summary: "A file of an envelope from the archive",
		Responses: map[string]*huma.Response{
			"200": {Description: "The file.", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}},
			"304": {Description: "The client has it already: If-None-Match."},
			"307": {Description: "The file is at this address, for five minutes and without a key.", Headers: header},
		}}, nil,
		func(ctx context.Context, in *in) (*huma.StreamResponse, error) {
			key, err := keyFor(ctx, in.Campaign, in.ID)
			if err != nil {
				return nil, err
			}
			f, err := s.openFile(ctx, key, in.Name)
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(c huma.Context) {
				r, w := humago.Unwrap(c)
				s.send(w, r, f, "attachment")
			}}, nil
		})
}

// kept is an envelope's file in the archive: an address without a key, or its content.
type kept struct {
	address string
	content io.ReadCloser
	object  archive.Object
	name    string // to save it under
	sum     string
}

// openFile finds a file by its name: only what the ledger has as archived is given, and
// the manifest.
func (s *Server) openFile(ctx context.Context, key jobs.Key, name string) (kept, error) {
	record, err := s.client.Ledger().Get(ctx, key.String())
	if err != nil {
		return kept{}, err
	}
	where, sum, err := locate(record, name)
	if err != nil {
		return kept{}, err
	}
	f := kept{name: downloadName(key, name), sum: sum}
	if f.address, err = s.client.Archive().Presign(ctx, where, presignFor); err != nil || f.address != "" {
		return f, err
	}
	f.content, f.object, err = s.client.Archive().Open(ctx, where)
	return f, err
}

// send answers with a file, which a browser saves (attachment) or shows (inline).
func (s *Server) send(w http.ResponseWriter, r *http.Request, f kept, disposition string) {
	if f.address != "" {
		w.Header().Set("Location", f.address)
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	defer f.content.Close()
	s.stream(w, r, f, disposition)
}

// shown are the types of file that a browser may show: they run nothing.
var shown = []string{"application/pdf", "image/jpeg", "image/png"}

// ServeArtifact answers with a file of an envelope, for a person: what can be looked at
// is shown, the rest is saved.
func (s *Server) ServeArtifact(w http.ResponseWriter, r *http.Request, key jobs.Key, name string) error {
	f, err := s.openFile(r.Context(), key, name)
	if err != nil {
		return err
	}
	disposition := "attachment"
	if slices.Contains(shown, f.object.ContentType) {
		disposition = "inline"
	}
	s.send(w, r, f, disposition)
	return nil
}

func locate(r *ledger.Record, name string) (key, sha256 string, err error) {
	if name == report.ManifestName && r.State == ledger.Archived {
		return archive.EnvelopeKey(r.Campaign, r.ID, name), "", nil
	}
	var filed []report.ArchivedArtifact
	if len(r.Artifacts) > 0 {
		if err := json.Unmarshal(r.Artifacts, &filed); err != nil {
			return "", "", fmt.Errorf("the ledger's artifacts of %s: %w", r.Key(), err)
		}
	}
	for _, f := range filed {
		if path.Base(f.Path) == name {
			return f.Path, f.SHA256, nil
		}
	}
	if !r.State.Terminal() {
		return "", "", problem(http.StatusNotFound, "the envelope is "+string(r.State)+", not archived yet: its files come when everybody has signed")
	}
	return "", "", archive.ErrNotFound
}

// downloadName tells the files of different envelopes apart in one folder.
func downloadName(key jobs.Key, name string) string { return key.Campaign + "-" + key.ID + "-" + name }

// stream sends a file. What an archive holds under a key never changes, so its hash is
// its ETag.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, f kept, disposition string) {
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache")
	if f.sum != "" {
		tag := `"` + f.sum + `"`
		h.Set("ETag", tag)
		for match := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
			if match = strings.TrimPrefix(strings.TrimSpace(match), "W/"); match == tag || match == "*" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
	}
	h.Set("Content-Type", f.object.ContentType)
	h.Set("Content-Length", strconv.FormatInt(f.object.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.name}))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, f.content); err != nil {
		s.log.WarnContext(r.Context(), "an artifact was not sent to its end", "request", requestID(r.Context()), "error", err)
		panic(http.ErrAbortHandler) // the client must not take it for the whole
	}
}
