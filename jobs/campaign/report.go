package campaign

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
)

// Formats are the words for [ReportStyle].
var Formats = []string{"csv", "json", "html", "xlsx"}

// ReportStyle says how a report is written.
type ReportStyle struct {
	Format    string         // one of [Formats]
	Campaign  string         // the title of the page
	Separator rune           // of csv; 0: a comma
	Language  lang.Language  // of the words of html and xlsx
	Zone      *time.Location // of the times in csv, html and xlsx; nil: UTC

	halts []string // why campaigns send nothing more to a provider; on the page
}

// WriteReport writes a campaign's report: as CSV or XLSX for spreadsheets, as JSON (one object a
// line) for programs, or as an HTML page for people. The first three are written as the reports
// come. It ends at the first error of the reports.
func WriteReport(w io.Writer, style ReportStyle, reports iter.Seq2[jobs.Report, error]) error {
	switch style.Format {
	case "csv":
		return style.writeCSV(w, reports)
	case "json":
		return writeJSON(w, reports)
	case "html":
		return style.writeHTML(w, reports)
	case "xlsx":
		return style.writeXLSX(w, reports)
	}
	return fmt.Errorf("%q is not a format of report: %s", style.Format, strings.Join(Formats, ", "))
}

func writeJSON(w io.Writer, reports iter.Seq2[jobs.Report, error]) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for r, err := range reports {
		if err != nil {
			return err
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

var reportHeader = []string{
	"campaign", "id", "provider", "state", "envelope_id", "error_code", "error_message", "attempts",
	"signers", "artifacts", "created_at", "sent_at", "completed_at", "archived_at", "meta", "subject", "simulated", "error_explanation", "decline_reason", "biometry", "odd",
	"reminders", "last_reminded_at",
}

// writeCSV writes for spreadsheets: a byte order mark, so that accents are read right,
// lists in one line of one cell, and meta as JSON, because its names may differ from row
// to row.
func (s ReportStyle) writeCSV(w io.Writer, reports iter.Seq2[jobs.Report, error]) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if s.Separator != 0 {
		out.Comma = s.Separator
	}
	if err := out.Write(reportHeader); err != nil {
		return err
	}
	for r, err := range reports {
		if err != nil {
			out.Flush()
			return err
		}
		row, err := s.row(r)
		if err != nil {
			return err
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (s ReportStyle) row(r jobs.Report) ([]string, error) {
	var code, message, explanation, meta string
	if r.Error != nil {
		code, message, explanation = r.Error.Code, r.Error.Message, r.Error.Explanation
	}
	if len(r.Meta) > 0 {
		text, err := json.Marshal(r.Meta)
		if err != nil {
			return nil, err
		}
		meta = string(text)
	}
	row := []string{
		r.Campaign, r.ID, r.Provider, r.State, r.EnvelopeID, code, message, strconv.Itoa(r.Attempts),
		s.signersCell(r.Signers, func(state string) string { return state }), artifactsCell(r.Artifacts),
		s.moment(r.CreatedAt), s.moment(r.SentAt), s.moment(r.CompletedAt), s.moment(r.ArchivedAt), meta, r.Subject, strconv.FormatBool(r.Simulated), explanation, declineCell(r.Signers), biometryCell(r.Signers), strings.Join(r.Odd, "; "),
		strconv.Itoa(r.Reminders), s.moment(r.RemindedAt),
	}
	for i := range row {
		row[i] = harmless(row[i])
	}
	return row, nil
}

// signersCell is all signers in one cell; word writes a state.
func (s ReportStyle) signersCell(signers []report.Signer, word func(string) string) string {
	list := make([]string, len(signers))
	for i, person := range signers {
		list[i] = person.Name
		if person.Email != "" {
			list[i] += " <" + person.Email + ">"
		}
		list[i] += ": " + word(person.State)
		if person.SignedAt != nil {
			list[i] += " " + s.moment(person.SignedAt)
		}
	}
	return strings.Join(list, "; ")
}

// declineCell is why people have refused, in their own words.
func declineCell(signers []report.Signer) string {
	var list []string
	for _, person := range signers {
		if person.Reason != "" {
			list = append(list, person.Name+": "+person.Reason)
		}
	}
	return strings.Join(list, "; ")
}

// biometryCell is what was found out about people, by its names in JSON.
func biometryCell(signers []report.Signer) string {
	var list []string
	for i, person := range signers {
		b := person.Biometry
		if b == nil {
			continue
		}
		var parts []string
		flag := func(name string, value *bool) {
			if value != nil {
				parts = append(parts, name+" "+strconv.FormatBool(*value))
			}
		}
		score := func(name string, value *float64) {
			if value != nil {
				parts = append(parts, name+" "+strconv.FormatFloat(*value, 'f', -1, 64))
			}
		}
		flag("face_validated", b.FaceValidated)
		score("face_score", b.FaceScore)
		flag("fraud_base_flag", b.FraudBase)
		if b.Liveness != "" {
			parts = append(parts, "liveness "+b.Liveness)
		}
		score("face_match_score", b.FaceMatch)
		list = append(list, fmt.Sprintf("signer%d: %s", i+1, strings.Join(parts, ", ")))
	}
	return strings.Join(list, "; ")
}

func artifactsCell(artifacts []report.Artifact) string {
	list := make([]string, len(artifacts))
	for i, a := range artifacts {
		list[i] = a.Key + " sha256:" + a.SHA256
	}
	return strings.Join(list, "; ")
}

// moment is a time as a cell holds it, empty when it is not known: RFC 3339 in UTC, or,
// in the zone that was asked for, in the form that spreadsheets take for a time.
func (s ReportStyle) moment(t *time.Time) string {
	switch {
	case t == nil:
		return ""
	case s.Zone == nil:
		return t.UTC().Format(time.RFC3339)
	}
	return t.In(s.Zone).Format(time.DateTime)
}

var (
	lineBreaks = regexp.MustCompile(`\s*[\r\n\v\f\x{85}\x{2028}\x{2029}]+\s*`)
	// formulas are what a spreadsheet runs, where a cell may begin: at its start, and after
	// anything that a spreadsheet may split at when it was opened with another separator.
	formulas = regexp.MustCompile(`(^|[;,|\t])([\s"]*)([=+\-@＝＋－＠])`)
)

// harmless keeps a spreadsheet from running a cell, or a piece of it, as a formula: names,
// subjects and the words of providers come from people. A cell has one line.
func harmless(cell string) string {
	cell = strings.TrimSpace(cell)
	if !suspicious(cell) {
		return cell
	}
	return formulas.ReplaceAllString(lineBreaks.ReplaceAllString(cell, " "), "$1$2'$3")
}

// suspicious tells whether a cell has a line break or a formula, as few have: it costs a fraction
// of looking for them with the expressions.
func suspicious(cell string) bool {
	beginning := true
	for _, r := range cell {
		switch r {
		case '\r', '\n', '\v', '\f', '\u0085', '\u2028', '\u2029':
			return true
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			if beginning {
				return true
			}
		case ';', ',', '|', '\t':
			beginning = true
		case ' ', '"':
		default:
			beginning = false
		}
	}
	return false
}
