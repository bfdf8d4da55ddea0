package api

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/storage/ledger"
)

// CampaignStatus is a campaign's counts, the object of `status --json`.
type CampaignStatus struct {
	Campaign  string            `json:"campaign"`
	Total     int64             `json:"total"`
	States    map[string]int64  `json:"states" doc:"Envelopes by state; every state is there."`
	Paused    bool              `json:"paused"`
	Halts     []report.Halt     `json:"halts" nullable:"false" doc:"Why nothing more is sent to a provider until the campaign is resumed."`
	Hours     *report.Hours     `json:"hours" doc:"When invitations leave; null: always."`
	Reminders *report.Reminders `json:"reminders" doc:"When signers are reminded by the campaign's rule; null: it has none."`
	Simulated bool              `json:"simulated" doc:"One of its envelopes goes, or went, to a simulator: nobody was invited for it, and nothing of it is signed."`
}

// StatusOf is what is told of a campaign.
func StatusOf(c ledger.Campaign) CampaignStatus {
	s := CampaignStatus{Campaign: c.Name, Total: c.Total, States: make(map[string]int64, len(c.States)), Paused: c.Paused, Halts: report.Halts(c), Hours: report.HoursOf(c, time.Now()), Reminders: report.RemindersOf(c, time.Now()), Simulated: c.Simulated}
	for state, n := range c.States {
		s.States[string(state)] = n
	}
	return s
}

// CampaignAccepted is the answer to a campaign that was enqueued: its counts, and what
// became of the envelopes of this request.
type CampaignAccepted struct {
	CampaignStatus
	New      int       `json:"new" doc:"Envelopes that were enqueued now."`
	Known    int       `json:"known" doc:"Envelopes that were there already with the same content."`
	Rejected int       `json:"rejected" doc:"Envelopes that were left out; only with skip_invalid."`
	Errors   []Mistake `json:"errors,omitempty" nullable:"false" doc:"Why they were left out; the first 1000 reasons."`

	Elsewhere []Elsewhere `json:"elsewhere" nullable:"false" doc:"The other campaigns that ask the same people to sign the same documents; this one, when it has asked them under ids that the request does not have. Nothing is refused for it."`
	Warnings  []Warning   `json:"warnings" nullable:"false" doc:"What its sender should know, as the commands say it by the way. Nothing is refused for it. At most 100 doubtful values and 20 other campaigns are named."`
	Repeated  []Mistake   `json:"repeated" nullable:"false" doc:"Envelopes of this request that ask the same people to sign the same documents as an earlier one of it; the first 1000. Nothing is refused for it."`
}

// CampaignInput is a campaign as JSON.
type CampaignInput struct {
	_         struct{}        `additionalProperties:"false"`
	Campaign  string          `json:"campaign,omitempty" doc:"The campaign's name; it may stand in the address instead."`
	Envelopes []EnvelopeInput `json:"envelopes" nullable:"false" minItems:"1"`

	Provider    string `json:"provider,omitempty" doc:"For envelopes that name none."`
	Subject     string `json:"subject,omitempty" doc:"Subject of envelopes that have none: Lease of {signer1.name}."`
	ID          string `json:"id,omitempty" doc:"Id of envelopes that have none: {meta.contract}."`
	SkipInvalid bool   `json:"skip_invalid,omitempty" doc:"Take the good envelopes."`
	First       int    `json:"first,omitempty" minimum:"1" doc:"So many envelopes of each provider go first, the others when those are archived, or the campaign is resumed."`
	StartAt     string `json:"start_at,omitempty" doc:"Nobody is invited before: 2030-12-01 09:00 in CHANCELA_TZ, or RFC 3339."`
	Window      string `json:"window,omitempty" doc:"Invitations leave only then: Mon-Fri 09:00-18:00, several with a comma; always ends a campaign's hours."`
	Limit       string `json:"limit,omitempty" doc:"At most so many invitations a day: 500/day."`
	Holidays    string `json:"holidays,omitempty" enum:"br" doc:"No invitations on national holidays of Brazil."`

	RemindAfter  string `json:"remind_after,omitempty" doc:"Signers are reminded so long after the invitation, where the provider can: 3d, 36h. Within the campaign's hours, and not while it is paused."`
	RemindEvery  string `json:"remind_every,omitempty" doc:"And again so long after the last reminder: 2d."`
	RemindAtMost string `json:"remind_at_most,omitempty" pattern:"^[0-9]+$" doc:"So many reminders of one envelope: 3 by default, without remind_every 1; 0 ends a campaign's reminders."`
}

// CampaignForm is a campaign as multipart/form-data.
type CampaignForm struct {
	File      string `json:"file" format:"binary" doc:"The CSV file. Documents are further parts, in any order, whose file names are what its document column says."`
	Campaign  string `json:"campaign,omitempty" doc:"The campaign's name; default: the CSV's file name without its ending."`
	Provider  string `json:"provider,omitempty" doc:"For rows that name none."`
	Subject   string `json:"subject,omitempty" doc:"Subject of rows that have none: Lease of {signer1.name}."`
	ID        string `json:"id,omitempty" doc:"Id of rows that have none: {meta.contract}."`
	Sheet     string `json:"sheet,omitempty" doc:"Sheet of a workbook; default: the first one that is shown."`
	Documents string `json:"documents,omitempty" doc:"Folder of the parts' file names that the document column's paths are below."`

	Map []string `json:"map,omitempty" nullable:"false" doc:"What a heading means: signer1.name=Nome do locatário; a field for each."`

	SkipInvalid string `json:"skip_invalid,omitempty" doc:"true: take the good rows."`
	First       string `json:"first,omitempty" pattern:"^[0-9]+$" doc:"So many envelopes of each provider go first, the others when those are archived, or the campaign is resumed."`
	StartAt     string `json:"start_at,omitempty" doc:"Nobody is invited before: 2030-12-01 09:00 in CHANCELA_TZ, or RFC 3339."`
	Window      string `json:"window,omitempty" doc:"Invitations leave only then: Mon-Fri 09:00-18:00, several with a comma; always ends a campaign's hours."`
	Limit       string `json:"limit,omitempty" doc:"At most so many invitations a day: 500/day."`
	Holidays    string `json:"holidays,omitempty" enum:"br" doc:"No invitations on national holidays of Brazil."`

	RemindAfter  string `json:"remind_after,omitempty" doc:"Signers are reminded so long after the invitation, where the provider can: 3d, 36h. Within the campaign's hours, and not while it is paused."`
	RemindEvery  string `json:"remind_every,omitempty" doc:"And again so long after the last reminder: 2d."`
	RemindAtMost string `json:"remind_at_most,omitempty" pattern:"^[0-9]+$" doc:"So many reminders of one envelope: 3 by default, without remind_every 1; 0 ends a campaign's reminders."`
}

type exchangeKey struct{}

// exchange is a request with its answer, for handlers that stream.
type exchange struct {
	w http.ResponseWriter
	r *http.Request
}

func exchangeOf(ctx context.Context) exchange {
	return ctx.Value(exchangeKey{}).(exchange) // every operation is registered with it
}

// register is huma.Register with the errors of this package. stream tells that the
// handler reads the body itself.
func register[I, O any](s *Server, a huma.API, op huma.Operation, body *huma.RequestBody, handler func(context.Context, *I) (*O, error)) {
	op.SkipValidateParams, op.SkipValidateBody = true, true // the handlers say what is wrong
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		next(huma.WithValue(ctx, exchangeKey{}, exchange{w, r}))
	})
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	schema := a.OpenAPI().Components.Schemas
	for status, whose := range map[string]string{"4XX": "the request's", "5XX": "ours"} {
		op.Responses[status] = &huma.Response{Description: "A problem, " + whose + ": RFC 9457.",
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schemaOf[Problem](schema)}}}
	}
	known := queryFields(reflect.TypeFor[I]())
	huma.Register(a, op, func(ctx context.Context, in *I) (*O, error) {
		if err := onlyKnown(exchangeOf(ctx).r.URL.Query(), known); err != nil {
			return nil, s.explain(ctx, err)
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.explain(ctx, err)
		}
		return out, nil
	})
	if body != nil {
		// Told to the framework it would be read into memory; here it is only described.
		a.OpenAPI().Paths[op.Path].Post.RequestBody = body
	}
}

// CampaignPath names a campaign in an address.
type CampaignPath struct {
	Campaign string `path:"campaign" doc:"The campaign's name."`
}

// campaignQuery is how a campaign that is posted is read and sent.
type campaignQuery struct {
	Campaign  string `query:"campaign" doc:"The campaign's name, where the body has none."`
	Provider  string `query:"provider" doc:"For envelopes that name none."`
	Subject   string `query:"subject" doc:"Subject of envelopes that have none: Lease of {signer1.name}."`
	ID        string `query:"id" doc:"Id of envelopes that have none: {meta.contract}."`
	Sheet     string `query:"sheet" doc:"Sheet of a workbook; default: the first one that is shown."`
	Documents string `query:"documents" doc:"Folder of the parts' file names that the document column's paths are below."`

	Map []string `query:"map,explode" doc:"What a heading of a sheet means: signer1.name=Nome do locatário."`

	SkipInvalid string `query:"skip_invalid" enum:"true,false" doc:"Take the good envelopes and leave the others out."`
	First       string `query:"first" pattern:"^[0-9]+$" doc:"So many envelopes of each provider go first, the others when those are archived, or the campaign is resumed."`
	StartAt     string `query:"start_at" doc:"Nobody is invited before: 2030-12-01 09:00 in CHANCELA_TZ, or RFC 3339."`
	Window      string `query:"window" doc:"Invitations leave only then: Mon-Fri 09:00-18:00, several with a comma; always ends a campaign's hours."`
	Limit       string `query:"limit" doc:"At most so many invitations a day: 500/day."`
	Holidays    string `query:"holidays" enum:"br" doc:"No invitations on national holidays of Brazil."`

	RemindAfter  string `query:"remind_after" doc:"Signers are reminded so long after the invitation, where the provider can: 3d, 36h. Within the campaign's hours, and not while it is paused."`
	RemindEvery  string `query:"remind_every" doc:"And again so long after the last reminder: 2d."`
	RemindAtMost string `query:"remind_at_most" pattern:"^[0-9]+$" doc:"So many reminders of one envelope: 3 by default, without remind_every 1; 0 ends a campaign's reminders."`
}

// largeDocuments says what a program has to know of base64.
const largeDocuments = "Base64 makes a document a third larger: send large ones as parts of multipart/form-data, as they are."

func (s *Server) campaigns(a huma.API) {
	schemas := a.OpenAPI().Components.Schemas
	type list struct {
		Body struct {
			Campaigns []CampaignStatus `json:"campaigns" nullable:"false"`
			Next      *string          `json:"next" doc:"The cursor of the next page; null on the last."`
		} `nameHint:"CampaignList"`
	}
	type listQuery struct {
		Cursor string `query:"cursor" doc:"The next of the page before."`
		Limit  string `query:"limit" pattern:"^[0-9]+$" doc:"Campaigns on a page: 1 to 1000, 1000 by default."`
	}
	register(s, a, huma.Operation{OperationID: "list-campaigns", Method: http.MethodGet, Path: "/v1/campaigns", Summary: "A page of the campaigns, the oldest first"}, nil,
		func(ctx context.Context, in *listQuery) (*list, error) {
			out := &list{}
			var err error
			out.Body.Campaigns, out.Body.Next, err = s.listCampaigns(ctx, in.Cursor, in.Limit)
			return out, err
		})
	type one struct{ Body CampaignStatus }
	register(s, a, huma.Operation{OperationID: "get-campaign", Method: http.MethodGet, Path: "/v1/campaigns/{campaign}", Summary: "A campaign's envelopes by state"}, nil,
		func(ctx context.Context, in *CampaignPath) (*one, error) {
			name, err := campaignFor(ctx, in.Campaign)
			if err != nil {
				return nil, err
			}
			c, err := s.client.Ledger().Campaign(ctx, name)
			return &one{StatusOf(c)}, err
		})
	type accepted struct {
		Location string `header:"Location"`
		Body     CampaignAccepted
	}
	register(s, a, huma.Operation{OperationID: "enqueue-campaign", Method: http.MethodPost, Path: "/v1/campaigns", DefaultStatus: http.StatusAccepted,
		Summary:     "Enqueue a campaign",
		Description: "A CSV file with its documents, or JSON: at most " + bytesText(s.limits.Campaign) + " with the documents, " + bytesText(maxSheet) + " without them, and " + strconv.Itoa(s.limits.Envelopes) + " envelopes; send more in several requests under the same name. " + largeDocuments + " Everything is checked first: when anything is wrong, nothing is enqueued and the problem lists every mistake. The same request again enqueues nothing twice. elsewhere tells when other campaigns ask the same people to sign the same documents, and warnings what else is probably not meant: nothing is refused for it."},
		&huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"multipart/form-data": {Schema: schemaOf[CampaignForm](schemas)},
			"application/json":    {Schema: schemaOf[CampaignInput](schemas)},
		}},
		func(ctx context.Context, in *campaignQuery) (*accepted, error) {
			got, err := s.enqueueCampaign(ctx, Sending{Campaign: in.Campaign, SkipInvalid: in.SkipInvalid, First: in.First,
				Provider: in.Provider, Subject: in.Subject, ID: in.ID, Sheet: in.Sheet, Documents: in.Documents, Map: in.Map,
				Settings:  hours.Settings{StartAt: in.StartAt, Window: in.Window, Limit: in.Limit, Holidays: in.Holidays},
				Reminders: hours.Reminders{After: in.RemindAfter, Every: in.RemindEvery, AtMost: in.RemindAtMost}})
			if err != nil {
				return nil, err
			}
			return &accepted{"/v1/campaigns/" + url.PathEscape(got.Campaign), *got}, nil
		})
}

// listCampaigns reads a page of those that the request's key is good for.
func (s *Server) listCampaigns(ctx context.Context, cursor, limit string) ([]CampaignStatus, *string, error) {
	n, err := pageSize(limit, maxPage)
	if err != nil {
		return nil, nil, err
	}
	created, last, err := campaignCursor(cursor)
	if err != nil {
		return nil, nil, err
	}
	list, more := []CampaignStatus{}, true
	var page []ledger.Campaign
	for more && len(page) < n {
		ask := n - len(page) + 1
		if clientOf(ctx).prefix != "" {
			ask = maxPage // most are others'
		}
		names, err := s.client.Ledger().CampaignsAfter(ctx, last, created, ask)
		if err != nil {
			return nil, nil, err
		}
		more = len(names) == ask
		var mine []string
		for _, name := range names {
			if len(page)+len(mine) == n {
				more = true
				break
			}
			last = name
			if _, err := campaignFor(ctx, name); err == nil {
				mine = append(mine, name)
			}
		}
		got, err := s.client.Ledger().CampaignsNamed(ctx, mine)
		if err != nil {
			return nil, nil, err
		}
		page = append(page, got...)
	}
	for _, c := range page {
		list = append(list, StatusOf(c))
	}
	if !more || len(page) == 0 {
		return list, nil, nil
	}
	end := page[len(page)-1]
	next := strconv.FormatInt(end.CreatedAt.UnixMilli(), 10) + "~" + end.Name
	return list, &next, nil
}

// campaignCursor is the campaign that a page begins after: when it began, and its name.
func campaignCursor(cursor string) (created time.Time, last string, err error) {
	if cursor == "" {
		return created, "", nil
	}
	at, last, _ := strings.Cut(cursor, "~")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !intake.ValidCampaign(last) {
		return created, "", problem(http.StatusBadRequest, "cursor must be the next of the page before")
	}
	return time.UnixMilli(ms), last, nil
}

// pageSize is what a client asks for with limit.
func pageSize(limit string, otherwise int) (int, error) {
	if limit == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(limit)
	if err != nil || n < 1 || n > maxPage {
		return 0, problem(http.StatusBadRequest, "limit must be 1 to 1000")
	}
	return n, nil
}

// mediaType is a request's content type without parameters.
func mediaType(r *http.Request, allowed ...string) (string, error) {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(allowed, t) {
		p := problem(http.StatusUnsupportedMediaType, "the body must be "+allowed[0])
		for _, other := range allowed[1:] {
			p.Detail += " or " + other
		}
		return "", p
	}
	return t, nil
}
