package pages

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// downloadsAtOnce bounds what reports and zip files cost while pages are looked at: each reads a
// whole campaign. Others wait, for a while: who reads slowly is ended by package api.
const (
	downloadsAtOnce = 2
	downloadsWait   = 10 * time.Second
)

// reportTypes are the formats of reports that people take, with their content types.
var reportTypes = map[string]string{
	"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// turn waits until one of a few downloads may begin, and returns what ends it. Who has waited long
// is told to come again.
func (p *Pages) turn(v *visit) (end func(), err error) {
	ctx, cancel := context.WithTimeout(v.ctx, downloadsWait)
	defer cancel()
	select {
	case p.downloads <- struct{}{}:
		return func() { <-p.downloads }, nil
	case <-ctx.Done():
	}
	if v.ctx.Err() != nil {
		return nil, v.ctx.Err()
	}
	v.w.Header().Set("Retry-After", strconv.Itoa(int(downloadsWait.Seconds())))
	return nil, &api.Problem{Status: http.StatusServiceUnavailable, Detail: v.words.t("refused.downloads")}
}

// report is a campaign's report as a file, in the language of the page.
func (p *Pages) report(v *visit) error {
	name, err := v.campaignName()
	if err != nil {
		return err
	}
	kind, ok := reportTypes[v.r.PathValue("format")]
	if !ok {
		return ledger.ErrNotFound
	}
	c, err := p.Client.Ledger().Campaign(v.ctx, name)
	if err != nil {
		return err
	}
	style := campaign.ReportStyle{Format: v.r.PathValue("format"), Campaign: name, Language: v.words.language, Zone: p.Zone}
	if style.Format == "csv" && v.words.tag != "en" {
		style.Separator = ';' // as spreadsheets expect that write 1,5
	}
	style.Head([]ledger.Campaign{c})
	end, err := p.turn(v)
	if err != nil {
		return err
	}
	defer end()
	return p.save(v, name+"-report."+style.Format, kind, func(w io.Writer) error {
		return campaign.WriteReport(w, style, p.Client.Reports(v.ctx, name))
	})
}

// signed is a zip file of a campaign's signed documents.
func (p *Pages) signed(v *visit) error {
	what := report.Downloading{Kinds: []providers.Kind{providers.SignedDocument}}
	var err error
	if what.Campaign, err = v.campaignName(); err != nil {
		return err
	}
	if _, files, err := report.Holds(v.ctx, p.Client.Archive(), what); err != nil || !files {
		if err == nil {
			err = ledger.ErrNotFound
		}
		return err
	}
	end, err := p.turn(v)
	if err != nil {
		return err
	}
	defer end()
	return p.save(v, what.Campaign+".zip", "application/zip", func(w io.Writer) error {
		return report.WriteZip(v.ctx, w, p.Client.Archive(), what, func(key string, err error) {
			p.Log.WarnContext(v.ctx, "a file is not in a download", "file", key, "error", err)
		})
	})
}

// save answers with a file that is written as it goes. One that breaks off is not taken for whole.
func (p *Pages) save(v *visit, name, kind string, write func(io.Writer) error) error {
	w := &begun{ResponseWriter: v.w}
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	err := write(w)
	if err != nil && w.some {
		p.Log.WarnContext(v.ctx, "a download was not sent to its end", "error", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		h.Del("Content-Disposition")
		return err
	}
	p.Log.InfoContext(v.ctx, "download", "key", v.caller.Name, "file", name)
	return nil
}

// begun knows whether something was written.
type begun struct {
	http.ResponseWriter
	some bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.some = true
	return b.ResponseWriter.Write(p)
}
