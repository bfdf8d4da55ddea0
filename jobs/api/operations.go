package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/ledger"
)

// ResolveInput settles an envelope that is in doubt; one of the two fields is given.
type ResolveInput struct {
	_       struct{} `additionalProperties:"false"`
	Sent    string   `json:"sent,omitempty" doc:"It was sent: the provider's envelope id."`
	NotSent bool     `json:"not_sent,omitempty" doc:"It was not sent, and goes back to the queue."`
}

// Done is the answer to an operation on a campaign, or on some of its envelopes.
type Done struct {
	Campaign  string         `json:"campaign"`
	Envelopes int            `json:"envelopes" doc:"For how many envelopes it was done, until now where ended is false."`
	Refused   []jobs.Refusal `json:"refused,omitempty" nullable:"false" doc:"What was not done: a reason each, with how many envelopes and the first hundred of their ids."`
	UnderWay  int            `json:"under_way,omitempty" doc:"After a pause: invitations that were begun before it and may still leave, within 20 seconds."`
	Operation string         `json:"operation,omitempty" doc:"For the whole campaign: the address of the operation, which tells how far it is."`
	Ended     bool           `json:"ended" doc:"False: it goes on in the background."`
	DryRun    bool           `json:"dry_run,omitempty" doc:"Nothing was changed: this would be done."`
}

// OperationStatus is how far an operation on a whole campaign is.
type OperationStatus struct {
	Operation string         `json:"operation"`
	Campaign  string         `json:"campaign"`
	Kind      string         `json:"kind" enum:"retry,cancel,remind,resume,forget,forget_unfinished"`
	By        string         `json:"by" doc:"The name of the key that has asked for it; empty: the command line."`
	Ended     bool           `json:"ended"`
	Total     int64          `json:"total" doc:"Envelopes that the campaign had when it was asked for."`
	Seen      int64          `json:"seen" doc:"Envelopes looked at until now."`
	Envelopes int            `json:"envelopes" doc:"For how many envelopes it was done until now."`
	Refused   []jobs.Refusal `json:"refused,omitempty" nullable:"false" doc:"What was not done: a reason each, with how many envelopes and the first hundred of their ids."`
	BegunAt   *time.Time     `json:"begun_at"`
	EndedAt   *time.Time     `json:"ended_at"`
}

// IDsInput names some envelopes of a campaign.
type IDsInput struct {
	_   struct{} `additionalProperties:"false"`
	IDs []string `json:"ids,omitempty" nullable:"false" minItems:"1" maxItems:"1000" doc:"Only these envelopes. Without them the operation is for the whole campaign."`
}

const maxResolve = 64 << 10 // bytes

func (s *Server) operations(a huma.API) {
	for _, op := range []struct {
		verb, all, one string
		kind           ledger.Kind
		do             func(ctx context.Context, campaign string, ids ...string) (jobs.Result, error)
	}{
		{"retry", "Failed envelopes go back to the queue", "A failed envelope goes back to the queue", ledger.RetryAll, s.client.Retry},
		{"cancel", "Stop what is not sent, withdraw what is where the provider can", "Stop or withdraw an envelope", ledger.CancelAll, s.client.Cancel},
		{"remind", "Ask the providers to notify pending signers again", "Ask the provider to notify pending signers again", ledger.RemindAll, s.client.Remind},
	} {
		would := func(ctx context.Context, campaign string, ids ...string) (jobs.Result, error) {
			if len(ids) == 0 {
				return s.client.WouldAll(ctx, campaign, op.kind)
			}
			return s.client.Would(ctx, campaign, op.kind, ids...)
		}
		s.onCampaign(a, op.verb, op.all, http.StatusAccepted, true, func(ctx context.Context, campaign string, ids []string, dry bool) (Done, error) {
			do := op.do
			switch {
			case dry:
				do = would
			case len(ids) == 0:
				return s.start(ctx, campaign, op.kind)
			}
			res, err := do(ctx, campaign, ids...)
			if dry || res.Done > 0 && len(res.Refused) > 0 {
				err = unlessBroken(err) // the answer says which were refused
			}
			return Done{Campaign: campaign, Envelopes: res.Done, Refused: res.Refused, Ended: true, DryRun: dry}, err
		})
		do := func(ctx context.Context, key jobs.Key, ask envelopeAsk) error {
			do := op.do
			if ask.dry {
				do = would
			}
			_, err := do(ctx, key.Campaign, key.ID)
			return err
		}
		if op.kind == ledger.RemindAll {
			onEnvelope(s, a, op.verb, op.one, http.StatusAccepted, nil, (*remindAsked).ask, s.remindOne(do))
			continue
		}
		onEnvelope(s, a, op.verb, op.one, http.StatusAccepted, nil, (*EnvelopeAsked).ask, do)
	}
	s.pauses(a)
	s.onOperation(a)
	s.resolve(a)
}

func (s *Server) pauses(a huma.API) {
	s.onCampaign(a, "pause", "Invite nobody more until resumed", http.StatusOK, false, func(ctx context.Context, campaign string, _ []string, dry bool) (Done, error) {
		if dry {
			res, err := s.client.WouldPause(ctx, campaign)
			return Done{Campaign: campaign, Envelopes: res.Done, UnderWay: res.UnderWay, Ended: true, DryRun: true}, err
		}
		res, err := s.client.Pause(ctx, campaign)
		if err != nil {
			return Done{}, err
		}
		n, err := s.open(ctx, campaign)
		return Done{Campaign: campaign, Envelopes: n, UnderWay: res.UnderWay, Ended: true}, err
	})
	s.onCampaign(a, "resume", "End a pause", http.StatusOK, false, func(ctx context.Context, campaign string, _ []string, dry bool) (Done, error) {
		if dry {
			res, err := s.client.WouldAll(ctx, campaign, ledger.ResumeAll)
			return Done{Campaign: campaign, Envelopes: res.Done, Ended: true, DryRun: true}, err
		}
		done, err := s.start(ctx, campaign, ledger.ResumeAll)
		if err == nil {
			done.Envelopes, err = s.open(ctx, campaign)
		}
		return done, err
	})
}

func (s *Server) resolve(a huma.API) {
	schema := schemaOf[ResolveInput](a.OpenAPI().Components.Schemas)
	onEnvelope(s, a, "resolve", "Settle an envelope that is in doubt", http.StatusOK,
		&huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
		(*EnvelopeAsked).ask, func(ctx context.Context, key jobs.Key, ask envelopeAsk) error {
			id, err := readResolve(ctx)
			if err != nil {
				return err
			}
			if ask.dry {
				return s.client.WouldResolve(ctx, key, id)
			}
			_, err = s.client.Resolve(ctx, key, id) // unchecked: the report says so
			return err
		})
}

// open is how many envelopes of a campaign are on their way.
func (s *Server) open(ctx context.Context, campaign string) (int, error) {
	c, err := s.client.Ledger().Campaign(ctx, campaign)
	return int(c.Open()), err
}

// start begins an operation on a whole campaign. What is not done within a moment goes on in
// the background.
func (s *Server) start(ctx context.Context, campaign string, kind ledger.Kind) (Done, error) {
	o, err := s.client.Start(ctx, campaign, kind, clientOf(ctx).name)
	if err != nil {
		return Done{}, err
	}
	return Done{Campaign: campaign, Envelopes: o.Result.Done, Refused: o.Result.Refused, Operation: operationPath(campaign, o.ID), Ended: !o.Ended.IsZero()}, nil
}

func operationPath(campaign, id string) string {
	return "/v1/campaigns/" + url.PathEscape(campaign) + "/operations/" + id
}

// onOperation registers the answer to how far an operation is.
func (s *Server) onOperation(a huma.API) {
	type path struct {
		Campaign  string `path:"campaign"`
		Operation string `path:"operation"`
	}
	type out struct{ Body OperationStatus }
	register(s, a, huma.Operation{OperationID: "get-operation", Method: http.MethodGet, Path: "/v1/campaigns/{campaign}/operations/{operation}",
		Summary: "How far an operation on a campaign is", Description: "It is kept for a week after its end."}, nil,
		func(ctx context.Context, in *path) (*out, error) {
			name, err := campaignFor(ctx, in.Campaign)
			if err != nil {
				return nil, err
			}
			o, err := s.client.Operation(ctx, in.Operation)
			if err == nil && o.Campaign != name {
				err = ledger.ErrNoOperation
			}
			if errors.Is(err, ledger.ErrNoOperation) {
				return nil, problem(http.StatusNotFound, "no such operation, or it ended more than a week ago")
			}
			if err != nil {
				return nil, err
			}
			return &out{OperationStatus{operationPath(name, o.ID), name, string(o.Kind), o.By, !o.Ended.IsZero(), o.Total, o.Seen, o.Result.Done, o.Result.Refused,
				report.Time(o.Begun), report.Time(o.Ended)}}, nil
		})
}

// onCampaign registers an operation on a campaign: 202 where workers carry it out. some
// tells that it can be for some envelopes only.
func (s *Server) onCampaign(a huma.API, verb, summary string, status int, some bool, do func(ctx context.Context, campaign string, ids []string, dry bool) (Done, error)) {
	type out struct {
		Location string `header:"Location"`
		Body     Done
	}
	var body *huma.RequestBody
	if some {
		schema := schemaOf[IDsInput](a.OpenAPI().Components.Schemas)
		body = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	}
	register(s, a, huma.Operation{OperationID: verb + "-campaign", Method: http.MethodPost, Path: "/v1/campaigns/{campaign}/" + verb, Summary: summary, DefaultStatus: status}, body,
		func(ctx context.Context, in *campaignAsked) (*out, error) {
			name, err := campaignFor(ctx, in.Campaign)
			if err != nil {
				return nil, err
			}
			dry, err := in.dry()
			if err != nil {
				return nil, err
			}
			ids, err := readIDs(ctx, some)
			if err != nil {
				return nil, err
			}
			done, err := do(ctx, name, ids, dry)
			return &out{done.Operation, done}, err
		})
}

// maxIDs bounds the list of one request.
const maxIDs = 1000

// readIDs reads the envelopes that an operation is for; none mean the whole campaign. An
// empty list is refused: it would not mean what it says.
func readIDs(ctx context.Context, some bool) ([]string, error) {
	x := exchangeOf(ctx)
	b, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxResolve))
	if err != nil {
		return nil, broken(err)
	}
	if said := strings.Join(strings.Fields(string(b)), ""); said == "" || said == "{}" {
		return nil, nil
	}
	if !some {
		return nil, problem(http.StatusUnprocessableEntity, "this is for the whole campaign and takes no body")
	}
	if _, err := mediaType(x.r, "application/json"); err != nil {
		return nil, err
	}
	var in IDsInput
	if err := readJSON(strings.NewReader(string(b)), &in); err != nil {
		return nil, err
	}
	if len(in.IDs) == 0 || len(in.IDs) > maxIDs {
		return nil, problem(http.StatusUnprocessableEntity, "ids: want 1 to 1,000 of them; without a body the operation is for the whole campaign")
	}
	return in.IDs, nil
}

// onEnvelope answers with the report as it is now: a worker carries the operation out.
func onEnvelope[I any](s *Server, a huma.API, verb, summary string, status int, body *huma.RequestBody, asked func(*I) (envelopeAsk, error), do func(context.Context, jobs.Key, envelopeAsk) error) {
	type out struct{ Body jobs.Report }
	register(s, a, huma.Operation{OperationID: verb + "-envelope", Method: http.MethodPost, Path: "/v1/campaigns/{campaign}/envelopes/{id}/" + verb, Summary: summary, DefaultStatus: status}, body,
		func(ctx context.Context, in *I) (*out, error) {
			ask, err := asked(in)
			if err != nil {
				return nil, err
			}
			key, err := keyFor(ctx, ask.path.Campaign, ask.path.ID)
			if err != nil {
				return nil, err
			}
			if err := do(ctx, key, ask); err != nil {
				return nil, err
			}
			report, err := s.report(ctx, key)
			return &out{report}, err
		})
}

// readResolve gives the provider's envelope id, empty for an envelope that was not sent.
func readResolve(ctx context.Context) (string, error) {
	x := exchangeOf(ctx)
	if _, err := mediaType(x.r, "application/json"); err != nil {
		return "", err
	}
	var in ResolveInput
	b, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxResolve))
	if err != nil {
		return "", broken(err)
	}
	if err := readJSON(bytes.NewReader(b), &in); err != nil {
		return "", err
	}
	in.Sent = strings.TrimSpace(in.Sent)
	if (in.Sent == "") == !in.NotSent {
		return "", problem(http.StatusUnprocessableEntity, `say either {"sent":"ENVELOPE_ID"} or {"not_sent":true}`)
	}
	return in.Sent, nil
}
