package campaign

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// maxOwn is how many of the user's own columns a report has; what is beyond is left to csv and json.
const maxOwn = 500

// maxSheetRows is how many rows a sheet of Excel has.
const maxSheetRows = 1 << 20

var sheetHeader = []lang.Text{
	lang.Of("id"), lang.Of("subject"), lang.Of("provider"), lang.Of("state"), lang.Of("reason"), lang.Of("message"), lang.Of("provider's words"), lang.Of("refused because"),
	lang.Of("signers"), lang.Of("envelope_id"), lang.Of("attempts"), lang.Of("created_at"), lang.Of("sent_at"), lang.Of("completed_at"), lang.Of("archived_at"),
	lang.Of("archive keys"), lang.Of("campaign"), lang.Of("simulated"), lang.Of("reminders"), lang.Of("last_reminded_at"),
}

// writeXLSX writes for people: the user's own columns first, then what became of each envelope, as
// a table that can be filtered. The reports are read twice, for rows may have different columns.
func (s ReportStyle) writeXLSX(w io.Writer, reports iter.Seq2[jobs.Report, error]) error {
	own, rows, err := ownColumns(reports)
	if err != nil {
		return err
	}
	if rows >= maxSheetRows {
		return fmt.Errorf("a sheet has at most %d rows: --format csv has no such limit", maxSheetRows)
	}
	f := excelize.NewFile()
	defer f.Close()
	out, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	moment := "yyyy-mm-dd hh:mm:ss"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &moment})
	if err != nil {
		return err
	}
	header := make([]any, 0, len(own)+len(sheetHeader))
	for _, name := range own {
		header = append(header, "meta."+name)
	}
	for _, name := range sheetHeader {
		header = append(header, s.Language.Say(name))
	}
	err = errors.Join(out.SetColWidth(1, len(header), 18), out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}), out.SetRow("A1", header))
	if err != nil {
		return err
	}
	written := 1
	for r, err := range reports {
		if err != nil {
			return err
		}
		if written == rows+1 { // came after the first reading
			break
		}
		written++
		if err := out.SetRow(fmt.Sprintf("A%d", written), s.sheetRow(r, own, style)); err != nil {
			return err
		}
	}
	if written > 1 {
		last, _ := excelize.CoordinatesToCellName(len(header), written)
		if err := out.AddTable(&excelize.Table{Range: "A1:" + last, Name: "envelopes", StyleName: "TableStyleLight9"}); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}

func ownColumns(reports iter.Seq2[jobs.Report, error]) (own []string, rows int, err error) {
	seen := map[string]bool{}
	for r, err := range reports {
		if err != nil {
			return nil, 0, err
		}
		rows++
		for name := range r.Meta {
			if len(seen) < maxOwn {
				seen[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), rows, nil
}

func (s ReportStyle) sheetRow(r jobs.Report, own []string, style int) []any {
	row := make([]any, 0, len(own)+len(sheetHeader))
	for _, name := range own {
		row = append(row, r.Meta[name])
	}
	var code, message, words string
	if r.Error != nil {
		code, message, words = r.Error.Code, r.Error.Message, r.Error.Explanation
	}
	keys := make([]string, len(r.Artifacts))
	for i, a := range r.Artifacts {
		keys[i] = a.Key
	}
	row = append(row, r.ID, r.Subject, r.Provider, s.Language.Say(report.StateWord(ledger.State(r.State))), code, message, words, declineCell(r.Signers), s.signersCell(r.Signers, func(state string) string { return s.Language.Say(signerWord(state)) }), r.EnvelopeID, r.Attempts)
	for _, t := range []*time.Time{r.CreatedAt, r.SentAt, r.CompletedAt, r.ArchivedAt} {
		row = append(row, s.momentCell(t, style))
	}
	simulated := ""
	if r.Simulated {
		simulated = s.Language.Sprintf("yes, nobody was invited")
	}
	return append(row, strings.Join(keys, "; "), r.Campaign, simulated, r.Reminders, s.momentCell(r.RemindedAt, style))
}

// momentCell is a time in the zone of the report; nil: an empty cell.
func (s ReportStyle) momentCell(t *time.Time, style int) any {
	if t == nil {
		return nil
	}
	at := t.UTC()
	if s.Zone != nil {
		at = t.In(s.Zone)
	}
	return excelize.Cell{StyleID: style, Value: at}
}
