package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	lang.Of("archive keys"), lang.Of("campaign"), lang.Of("simulated"), lang.Of("reminders"), lang.Of("last_reminded_at"), lang.Of("times of"),
}

// reportSheet is what the sheet is called.
const reportSheet = "Envelopes"

// writeXLSX writes for people: the user's own columns first, then what became of each envelope, as
// a table that can be filtered. The reports are read twice, for rows may have different columns.
func (s ReportStyle) writeXLSX(w io.Writer, reports iter.Seq2[jobs.Report, error]) error {
	seen, err := s.survey(reports)
	if err != nil {
		return err
	}
	if seen.rows >= maxSheetRows {
		return fmt.Errorf("a sheet has at most %d rows: --format csv has no such limit", maxSheetRows)
	}
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", reportSheet); err != nil {
		return err
	}
	out, err := f.NewStreamWriter(reportSheet)
	if err != nil {
		return err
	}
	moment := s.Language.Sprintf("yyyy-mm-dd hh:mm:ss")
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &moment})
	if err != nil {
		return err
	}
	if err := s.sheetTop(out, seen); err != nil {
		return err
	}
	written := 1
	for r, err := range reports {
		if err != nil {
			return err
		}
		if written == seen.rows+1 { // came after the first reading
			break
		}
		written++
		if err := out.SetRow(fmt.Sprintf("A%d", written), append(ownCells(r, seen.own), s.sheetCells(r, style)...)); err != nil {
			return err
		}
	}
	if written > 1 {
		last, _ := excelize.CoordinatesToCellName(len(seen.own)+len(sheetHeader), written)
		if err := out.AddTable(&excelize.Table{Range: "A1:" + last, Name: "envelopes", StyleName: "TableStyleLight9"}); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}

// sheetTop writes the heading, which stays in view, and makes each column as wide as what stands in it.
func (s ReportStyle) sheetTop(out *excelize.StreamWriter, seen sheetSurvey) error {
	header := make([]any, 0, len(seen.own)+len(sheetHeader))
	for _, name := range seen.own {
		header = append(header, "meta."+name)
	}
	for _, name := range sheetHeader {
		header = append(header, s.Language.Say(name))
	}
	for i, heading := range header {
		const arrow = 4 // of the filter
		width := utf8.RuneCountInString(heading.(string)) + arrow
		if i < len(seen.own) {
			width = max(width, seen.ownWidths[seen.own[i]])
		} else {
			width = max(width, seen.widths[i-len(seen.own)])
		}
		if err := out.SetColWidth(i+1, i+1, float64(min(width+1, maxSheetWidth))); err != nil {
			return err
		}
	}
	return errors.Join(out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}), out.SetRow("A1", header))
}

const (
	maxSheetWidth = 60   // characters; what is longer is read in its cell
	measured      = 1000 // rows whose values make the columns' widths
	momentWidth   = 19
)

// sheetSurvey is what the first reading of the reports is for.
type sheetSurvey struct {
	own       []string // the user's columns
	rows      int
	ownWidths map[string]int
	widths    []int // of the other columns
}

func (s ReportStyle) survey(reports iter.Seq2[jobs.Report, error]) (sheetSurvey, error) {
	seen := sheetSurvey{ownWidths: map[string]int{}, widths: make([]int, len(sheetHeader))}
	for r, err := range reports {
		if err != nil {
			return seen, err
		}
		seen.rows++
		for name, value := range r.Meta {
			if _, known := seen.ownWidths[name]; known || len(seen.ownWidths) < maxOwn {
				seen.ownWidths[name] = max(seen.ownWidths[name], utf8.RuneCountInString(value))
			}
		}
		if seen.rows > measured {
			continue
		}
		for i, cell := range s.sheetCells(r, 0) {
			width := 0
			switch cell := cell.(type) {
			case string:
				width = utf8.RuneCountInString(cell)
			case excelize.Cell:
				width = momentWidth
			}
			seen.widths[i] = max(seen.widths[i], width)
		}
	}
	seen.own = slices.Sorted(maps.Keys(seen.ownWidths))
	return seen, nil
}

// ownCells are the user's own values. They are text as they came: a phone keeps its zeros.
func ownCells(r jobs.Report, own []string) []any {
	row := make([]any, 0, len(own)+len(sheetHeader))
	for _, name := range own {
		row = append(row, r.Meta[name])
	}
	return row
}

// sheetCells are what became of an envelope. Numbers are those that were counted here.
func (s ReportStyle) sheetCells(r jobs.Report, style int) []any {
	row := make([]any, 0, len(sheetHeader))
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
	return append(row, strings.Join(keys, "; "), r.Campaign, simulated, r.Reminders, s.momentCell(r.RemindedAt, style), s.zone().String())
}

func (s ReportStyle) zone() *time.Location { return cmp.Or(s.Zone, time.UTC) }

// momentCell is a time in the zone of the report; nil: an empty cell.
func (s ReportStyle) momentCell(t *time.Time, style int) any {
	if t == nil {
		return nil
	}
	return excelize.Cell{StyleID: style, Value: t.In(s.zone())}
}
