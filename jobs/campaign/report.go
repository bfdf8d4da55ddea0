package campaign

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chancela/chancela/jobs"
)

// Formats are the words for [WriteReport].
var Formats = []string{"csv", "json", "html"}

// WriteReport writes a campaign's report as it comes, without holding more than one
// envelope: as CSV, as JSON (one object a line) or as an HTML page. It ends at the first
// error of the reports.
func WriteReport(w io.Writer, format, campaign string, reports iter.Seq2[jobs.Report, error]) error {
	switch format {
	case "csv":
		return writeCSV(w, reports)
	case "json":
		return writeJSON(w, reports)
	case "html":
		return writeHTML(w, campaign, reports)
	}
	return fmt.Errorf("%q is not a format of report: %s", format, strings.Join(Formats, ", "))
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
	"signers", "artifacts", "created_at", "sent_at", "completed_at", "archived_at", "meta", "simulated",
}

// writeCSV puts lists into one cell, an item a line, and meta as JSON: its names may
// differ from row to row.
func writeCSV(w io.Writer, reports iter.Seq2[jobs.Report, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write(reportHeader); err != nil {
		return err
	}
	for r, err := range reports {
		if err != nil {
			out.Flush()
			return err
		}
		var code, message, meta string
		if r.Error != nil {
			code, message = r.Error.Code, r.Error.Message
		}
		if len(r.Meta) > 0 {
			text, err := json.Marshal(r.Meta)
			if err != nil {
				return err
			}
			meta = string(text)
		}
		row := []string{
			r.Campaign, r.ID, r.Provider, r.State, r.EnvelopeID, code, message, strconv.Itoa(r.Attempts),
			signersCell(r.Signers), artifactsCell(r.Artifacts),
			stamp(r.CreatedAt), stamp(r.SentAt), stamp(r.CompletedAt), stamp(r.ArchivedAt), meta, strconv.FormatBool(r.Simulated),
		}
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func signersCell(signers []jobs.ReportSigner) string {
	lines := make([]string, len(signers))
	for i, s := range signers {
		lines[i] = s.Name
		if s.Email != "" {
			lines[i] += " <" + s.Email + ">"
		}
		lines[i] += ": " + s.State
		if s.SignedAt != nil {
			lines[i] += " " + stamp(s.SignedAt)
		}
	}
	return strings.Join(lines, "\n")
}

func artifactsCell(artifacts []jobs.ReportArtifact) string {
	lines := make([]string, len(artifacts))
	for i, a := range artifacts {
		lines[i] = a.Key + " sha256:" + a.SHA256
	}
	return strings.Join(lines, "\n")
}

// stamp is a time in RFC 3339, empty when it is not known.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// harmless keeps a spreadsheet from running a cell as a formula: names and subjects come
// from people.
func harmless(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
