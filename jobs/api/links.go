package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// maxLinks bounds the links of one answer.
const maxLinks = 100_000

// links gives out where people sign to keys that may: who holds a link can sign in that
// person's name.
func (s *Server) links(a huma.API) {
	type out struct {
		CacheControl string `header:"Cache-Control"`
		Body         struct {
			Links []LinkTold `json:"links" nullable:"false"`
		} `nameHint:"SigningLinks"`
	}
	register(s, a, huma.Operation{OperationID: "list-links", Method: http.MethodGet, Path: "/v1/campaigns/{campaign}/links",
		Summary:     "The signing links of a campaign's sent envelopes",
		Description: "Only for keys that end in :links. Links are kept where CHANCELA_KEEP_LINKS=yes, until the envelope ends. Whoever holds one can sign in that person's name."}, nil,
		func(ctx context.Context, in *CampaignPath) (*out, error) {
			name, err := campaignFor(ctx, in.Campaign)
			if err != nil {
				return nil, err
			}
			if !clientOf(ctx).links {
				return nil, problem(http.StatusForbidden, "this key may not see signing links: one whose pair ends in :links may")
			}
			o := &out{CacheControl: "no-store"}
			o.Body.Links = []LinkTold{}
			for l, err := range s.client.Links(ctx, name) {
				if err != nil {
					return nil, err
				}
				if len(o.Body.Links) == maxLinks {
					return nil, problem(http.StatusUnprocessableEntity, "the campaign has more than 100,000 links: use chancela links")
				}
				o.Body.Links = append(o.Body.Links, LinkTold{l.ID, l.Signer, l.Link})
			}
			return o, nil
		})
}

// LinkTold is a signing link in an answer.
type LinkTold struct {
	ID     string `json:"id"`
	Signer string `json:"signer" doc:"Empty: the page shows the envelope."`
	Link   string `json:"link"`
}
