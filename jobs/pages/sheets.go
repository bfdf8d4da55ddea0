package pages

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers"
)

// sheetColumns are those of an empty sheet for all providers.
var sheetColumns = []string{"id", "provider", "subject", "message", "document", "expires", "signer1.name", "signer1.email", "signer1.document", "signer1.phone", "signer1.role",
	"signer2.name", "signer2.email", "signer2.document", "signer2.phone", "signer2.role"}

// sheetSigners is for how many people an empty sheet has columns.
const sheetSigners = 2

// sheet is an empty spreadsheet to begin with, as the spreadsheet programs of the language
// read it: for one provider, or for all.
func (p *Pages) sheet(v *visit) error {
	t, name, err := p.template(v)
	if err != nil {
		return err
	}
	if v.words.tag == "en" {
		t.Separator = ','
	}
	var b bytes.Buffer
	if err := t.WriteCSV(&b); err != nil {
		return err
	}
	return v.save("text/csv; charset=utf-8", name+".csv", b.Bytes())
}

// workbook is the same as a workbook, in which each column is explained.
func (p *Pages) workbook(v *visit) error {
	t, name, err := p.template(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.WriteXLSX(&b); err != nil {
		return err
	}
	return v.save("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name+".xlsx", b.Bytes())
}

// template is the sheet that an address asks for, in the person's language.
func (p *Pages) template(v *visit) (t campaign.Template, name string, err error) {
	if provider, ok := p.info(v.r.URL.Query().Get("provider")); ok {
		t, err = p.templateOf(v, provider)
		t.Language = v.words.language
		return t.Blank(), provider.Info().Name, err
	}
	var all []campaign.Template
	for _, provider := range p.Providers {
		t, err := p.templateOf(v, provider)
		if err != nil {
			return t, "", err
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return t, "", &api.Problem{Status: http.StatusNotFound, Detail: v.words.t("providers.none")}
	}
	t = campaign.GeneralTemplate(all, sheetColumns)
	t.Language = v.words.language
	return t, "chancela", nil
}

func (p *Pages) templateOf(v *visit, provider providers.Provider) (campaign.Template, error) {
	return campaign.NewTemplate(v.ctx, p.Client.Judge(), provider.Info(), sheetSigners)
}

// save lets the browser keep a file.
func (v *visit) save(kind, name string, content []byte) error {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	v.w.Write(content) // who does not want the rest gets none
	return nil
}

// heading is a column's heading in the empty sheet of the language.
func (w *words) heading(column string) string { return campaign.HeadingOf(column, w.language) }

// headingMeans says what such a heading means; empty where it says it itself.
func (w *words) headingMeans(column string) string {
	if w.tag != "en" || w.said(column) == column {
		return ""
	}
	return w.said(column)
}

// sampleRow are the columns of the row that is shown as an example.
func sampleRow() []string {
	return []string{"id", "provider", "subject", "document", "signer1.name", "signer1.email", "signer1.document"}
}
