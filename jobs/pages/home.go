package pages

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/storage/ledger"
)

const (
	campaignsShown = 50
	campaignsRead  = 500 // names at once, of which a key with a prefix may see few
	campaignsTried = 20  // readings at most for one page
)

// homeView is the list of campaigns, the newest first.
type homeView struct {
	Campaigns []campaignRow
	Next      string
	Newest    bool // the page of the newest
	MayChange bool
	sendView  // for who has none yet
}

type campaignRow struct {
	ledger.Campaign
	Groups map[ledger.Group]int64
}

func (p *Pages) home(v *visit) error {
	cursor := v.r.URL.Query().Get("cursor")
	x, err := p.homeView(v.ctx, v.caller.Prefix, cursor)
	if err != nil {
		return err
	}
	x.MayChange, x.sendView = !v.caller.ReadOnly, p.sendView()
	page := view{Title: v.words.t("campaigns.title"), Nav: "campaigns", Data: x}
	if x.Newest && len(x.Campaigns) > 0 {
		page.Live = "/live/campaigns"
	}
	return p.show(v, http.StatusOK, "home", page)
}

func (p *Pages) homeView(ctx context.Context, prefix, cursor string) (homeView, error) {
	x := homeView{Newest: cursor == ""}
	created, last := listCursor(cursor)
	var names []string
	more := true
	for range campaignsTried {
		ask := campaignsShown + 1
		if prefix != "" {
			ask = campaignsRead
		}
		got, err := p.Client.Ledger().CampaignsBefore(ctx, last, created, ask)
		if err != nil {
			return x, err
		}
		for _, name := range got {
			if len(names) == campaignsShown {
				break
			}
			if last = name; strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
		more = len(got) == ask
		if !more || len(names) == campaignsShown {
			break
		}
	}
	campaigns, err := p.Client.Ledger().CampaignsNamed(ctx, names)
	if err != nil {
		return x, err
	}
	for _, c := range campaigns {
		x.Campaigns = append(x.Campaigns, campaignRow{c, groupsOf(c.States)})
		if more && c.Name == names[len(names)-1] {
			x.Next = "/?cursor=" + url.QueryEscape(strconv.FormatInt(c.CreatedAt.UnixMilli(), 10)+"~"+c.Name)
		}
	}
	return x, nil
}

// listCursor is the campaign that a page begins after. What is none begins at the newest.
func listCursor(cursor string) (created time.Time, last string) {
	at, last, _ := strings.Cut(cursor, "~")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !intake.ValidCampaign(last) {
		return time.Time{}, ""
	}
	return time.UnixMilli(ms), last
}

func groupsOf(states map[ledger.State]int64) map[ledger.Group]int64 {
	groups := map[ledger.Group]int64{}
	for s, n := range states {
		groups[ledger.GroupOf(s)] += n
	}
	return groups
}
