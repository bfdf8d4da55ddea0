package api

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	defaultPage = 100
	maxPage     = 1000

	firstRead    = 10 // envelopes: one may have megabytes of its client's own data
	maxPageBytes = 16 << 20
)

// EnvelopePath names an envelope in an address.
type EnvelopePath struct {
	CampaignPath
	ID string `path:"id" doc:"The envelope's id."`
}

// EnvelopeForm is an envelope with its documents as multipart/form-data.
type EnvelopeForm struct {
	Envelope string `json:"envelope" doc:"The envelope's JSON. Documents are further parts; a document's source is the file name of its part."`
}

func (s *Server) envelopes(a huma.API) {
	schemas := a.OpenAPI().Components.Schemas
	type pageQuery struct {
		CampaignPath
		State  string `query:"state" enum:"queued,preparing,sent,completed,archived,declined,expired,canceled,failed,in_doubt" doc:"Only envelopes in this state."`
		Cursor string `query:"cursor" doc:"The next of the page before."`
		Limit  string `query:"limit" pattern:"^[0-9]+$" doc:"Envelopes on a page: 1 to 1000, 100 by default. Very large envelopes make a page shorter."`
	}
	type page struct {
		Body struct {
			Envelopes []jobs.Report `json:"envelopes" nullable:"false"`
			Next      *string       `json:"next" doc:"The cursor of the next page; null on the last."`
		} `nameHint:"EnvelopePage"`
	}
	register(s, a, huma.Operation{OperationID: "list-envelopes", Method: http.MethodGet, Path: "/v1/campaigns/{campaign}/envelopes",
		Summary: "A page of a campaign's envelopes, in the order in which they were enqueued"}, nil,
		func(ctx context.Context, in *pageQuery) (*page, error) {
			out := &page{}
			var err error
			out.Body.Envelopes, out.Body.Next, err = s.page(ctx, in.Campaign, in.State, in.Cursor, in.Limit)
			return out, err
		})
	type one struct{ Body jobs.Report }
	register(s, a, huma.Operation{OperationID: "get-envelope", Method: http.MethodGet, Path: "/v1/campaigns/{campaign}/envelopes/{id}", Summary: "An envelope's report"}, nil,
		func(ctx context.Context, in *EnvelopePath) (*one, error) {
			key, err := keyFor(ctx, in.Campaign, in.ID)
			if err != nil {
				return nil, err
			}
			report, err := s.report(ctx, key)
			return &one{report}, err
		})
	type accepted struct {
		Status   int
		Location string `header:"Location"`
		Body     EnvelopeAccepted
	}
	register(s, a, huma.Operation{OperationID: "enqueue-envelope", Method: http.MethodPost, Path: "/v1/campaigns/{campaign}/envelopes", DefaultStatus: http.StatusAccepted,
		Summary:     "Enqueue one envelope",
		Description: "A request has at most " + bytesText(s.limits.Envelope) + ", documents included, and " + bytesText(maxItem) + " without them. " + largeDocuments + " 202 the first time, 200 with the same content again, 409 with other content under the same id. Campaign and id are the idempotency key. elsewhere tells when other campaigns ask the same people to sign the same documents: nothing is refused for it."},
		&huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":    {Schema: schemaOf[EnvelopeInput](schemas)},
			"multipart/form-data": {Schema: schemaOf[EnvelopeForm](schemas)},
		}},
		func(ctx context.Context, in *CampaignPath) (*accepted, error) {
			got, err := s.enqueueEnvelope(ctx, in.Campaign)
			if err != nil {
				return nil, err
			}
			report, err := s.report(ctx, got.Key)
			status := http.StatusAccepted
			if !got.New || got.State == ledger.Archived { // or taken over from the archive: nothing is to be done
				status = http.StatusOK
			}
			return &accepted{status, "/v1/campaigns/" + url.PathEscape(got.Key.Campaign) + "/envelopes/" + url.PathEscape(got.Key.ID), EnvelopeAccepted{report, got.elsewhere, got.warnings}}, err
		})
	answers := a.OpenAPI().Paths["/v1/campaigns/{campaign}/envelopes"].Post.Responses
	answers["200"] = &huma.Response{Description: "It was there already, with the same content.", Content: answers["202"].Content}
	s.artifacts(a)
}

func (s *Server) page(ctx context.Context, campaign, state, cursor, limit string) ([]jobs.Report, *string, error) {
	name, err := campaignFor(ctx, campaign)
	if err != nil {
		return nil, nil, err
	}
	if state != "" && !slices.Contains(ledger.States, ledger.State(state)) {
		return nil, nil, problem(http.StatusBadRequest, "state must be one of the ten states, or left out")
	}
	n, err := pageSize(limit, defaultPage)
	if err != nil {
		return nil, nil, err
	}
	if at, err := strconv.ParseInt(cursor, 10, 64); cursor != "" && (err != nil || at < 0) {
		return nil, nil, problem(http.StatusBadRequest, "cursor must be the next of the page before")
	}
	if _, err := s.client.Ledger().Campaign(ctx, name); err != nil {
		return nil, nil, err
	}
	reports, size := []jobs.Report{}, 0
	for ask := min(n, firstRead); ; {
		records, next, err := s.client.Ledger().Page(ctx, name, ledger.State(state), cursor, ask)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range records {
			report, err := s.client.Report(r)
			if err != nil {
				return nil, nil, err
			}
			reports = append(reports, report.Linked())
			size += len(r.Envelope) + len(r.Artifacts) + len(r.Signers)
		}
		if next == "" {
			return reports, nil, nil
		}
		if len(reports) >= n || size >= s.pageBytes {
			return reports, &next, nil
		}
		cursor = next
		// As many as fit, by the size of those that were read.
		ask = max(1, min(n-len(reports), len(reports)*(s.pageBytes-size)/max(size, 1)))
	}
}

// report reads an envelope's report, with links.
func (s *Server) report(ctx context.Context, key jobs.Key) (jobs.Report, error) {
	report, err := s.client.Get(ctx, key)
	return report.Linked(), err
}

// enqueuedEnvelope is what became of one envelope, and what its sender should know.
type enqueuedEnvelope struct {
	jobs.Accepted
	elsewhere []Elsewhere
	warnings  []Warning
}

// enqueueEnvelope takes one envelope with its documents.
func (s *Server) enqueueEnvelope(ctx context.Context, campaign string) (got enqueuedEnvelope, err error) {
	x := exchangeOf(ctx)
	campaign, err = named(ctx, campaign)
	if err != nil {
		return got, err
	}
	kind, err := mediaType(x.r, "application/json", "multipart/form-data")
	if err != nil {
		return got, err
	}
	files, err := s.receive(ctx, s.limits.Envelope)
	if err != nil {
		return got, err
	}
	defer files.close()
	in, err := readEnvelope(x.r, kind, files)
	if err != nil {
		return got, err
	}
	e, checked, problems, err := s.envelope(ctx, campaign, in, files, noPatterns)
	if err != nil {
		return got, err
	}
	if err := problems.Err(); err != nil {
		return got, err
	}
	if invitation, ok := intake.InvitationOf(e); ok {
		var asking jobs.Asking
		asking.Add(invitation, e.ID)
		if got.elsewhere, err = s.elsewhere(ctx, campaign, asking); err != nil {
			return got, err
		}
	}
	found := findings{unused: files.unused()}
	found.remarkAt(e, s.client.Judge(), func(doubt intake.Doubt) Mistake {
		return Mistake{ID: e.ID, Pointer: fragment(pointerTo(doubt.Field, ""))}
	})
	if got.warnings, err = s.warnings(ctx, campaign, begin{}, &found, got.elsewhere); err != nil {
		return got, err
	}
	got.Accepted, err = s.client.EnqueueChecked(ctx, checked)
	return got, err
}

func readEnvelope(r *http.Request, kind string, files *uploadDir) (in EnvelopeInput, err error) {
	body := r.Body
	if kind == "multipart/form-data" {
		f, err := files.multipart(r, "envelope", math.MaxInt64, nil)
		if err != nil {
			return in, err
		}
		part, err := os.Open(filepath.Join(files.dir, f.main))
		if err != nil {
			return in, err
		}
		defer part.Close()
		body = part
	}
	file, err := files.extractBase64(body, bodyLimits{maxItem, maxMembers})
	if err != nil {
		return in, broken(err)
	}
	defer file.Close()
	return in, readJSON(file, &in)
}
