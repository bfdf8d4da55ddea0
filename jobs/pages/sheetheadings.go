package pages

import "github.com/chancela/chancela/jobs/campaign"

// heading is a column's heading in the empty sheet of the language.
func (w *words) heading(column string) string { return campaign.HeadingOf(column, w.language) }

// headingMeans says what such a heading means; empty where it says it itself.
func (w *words) headingMeans(column string) string {
	if w.tag != "en" || w.said(column) == column {
		return ""
	}
	return w.said(column)
}

// sampleColumns are those of the row that is shown as an example.
var sampleColumns = []string{"id", "provider", "subject", "document", "signer1.name", "signer1.email", "signer1.document"}

func sampleRow() []string { return sampleColumns }
