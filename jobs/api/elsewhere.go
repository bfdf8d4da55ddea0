package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/storage/ledger"
)

// Elsewhere is another campaign that asks the same people to sign the same documents, or the
// campaign itself, which has asked them under other ids.
type Elsewhere struct {
	Campaign  string `json:"campaign"`
	Envelopes int    `json:"envelopes" doc:"Envelopes of this request whose signers and documents are also in that campaign."`
}

// elsewhere finds them among the campaigns that the request's key is good for: of others
// a client must not even learn the names.
func (s *Server) elsewhere(ctx context.Context, campaign string, asking jobs.Asking) ([]Elsewhere, error) {
	found, err := s.client.Elsewhere(ctx, campaign, asking)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, holders := range found {
		seen := map[string]bool{}
		for _, h := range holders {
			if !seen[h.Campaign] && strings.HasPrefix(h.Campaign, clientOf(ctx).prefix) {
				seen[h.Campaign] = true
				counts[h.Campaign]++
			}
		}
	}
	all := make([]Elsewhere, 0, len(counts))
	for name, n := range counts {
		all = append(all, Elsewhere{name, n})
	}
	slices.SortFunc(all, func(a, b Elsewhere) int {
		return cmp.Or(cmp.Compare(b.Envelopes, a.Envelopes), cmp.Compare(a.Campaign, b.Campaign))
	})
	return all, nil
}

// invited notes an envelope that asks the same people as an earlier one of the same body.
func (f *findings) invited(it item, invitation ledger.Invitation) {
	m := it.at
	if it.at.Index == nil {
		p, again := it.row.Repeats()
		if m.Field, m.Message, m.text = "id", p.Message.String(), &p.Message; again {
			f.repeated.add(m)
		}
		return
	}
	if f.first == nil {
		f.first = map[ledger.Invitation]int{}
	}
	first, again := f.first[invitation]
	if !again {
		f.first[invitation] = *it.at.Index
		return
	}
	m.Field, m.Pointer = "id", it.pointer(pointerTo("id", ""))
	m.Message = fmt.Sprintf("asks the same people to sign the same documents as envelope %d: remove one of the two, unless both are meant", first)
	f.repeated.add(m)
}

// EnvelopeAccepted is the answer to an envelope that was enqueued: its report, and what
// its sender should know.
type EnvelopeAccepted struct {
	jobs.Report
	Elsewhere []Elsewhere `json:"elsewhere" nullable:"false" doc:"The other campaigns that ask the same people to sign the same documents; this one, when it has asked them under another id. Nothing is refused for it."`
	Warnings  []Warning   `json:"warnings" nullable:"false" doc:"What its sender should know, as the commands say it by the way. Nothing is refused for it."`
}

// MarshalJSON writes the report's own form, and two fields more.
func (e EnvelopeAccepted) MarshalJSON() ([]byte, error) {
	report, err := json.Marshal(e.Report)
	if err != nil {
		return nil, err
	}
	more, err := json.Marshal(map[string]any{"elsewhere": append([]Elsewhere{}, e.Elsewhere...), "warnings": append([]Warning{}, e.Warnings...)})
	if err != nil {
		return nil, err
	}
	return slices.Concat(bytes.TrimSuffix(report, []byte("}")), []byte(","), more[1:]), nil
}
