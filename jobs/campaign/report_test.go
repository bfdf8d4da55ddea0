package campaign

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
)

func sampleReports() []jobs.Report {
	at := time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)
	return []jobs.Report{
		{
			Campaign: "june", ID: "=1+1", Provider: "sdoc", State: "archived", EnvelopeID: "-e1", Attempts: 1,
			Signers: []report.Signer{
				{Name: `@SUM(A1) <script>alert("x")</script>`, Email: "ana@example.com", State: "signed", SignedAt: &at},
				{Name: "Bia", State: "pending"},
			},
			Artifacts: []report.Artifact{{Kind: providers.Dossier, Key: "june/1/dossier.pdf", SHA256: "00ff", Size: 7, ContentType: "application/pdf"}},
			CreatedAt: &at, SentAt: &at, CompletedAt: &at, ArchivedAt: &at, Meta: map[string]string{"order": "7"},
		},
		{Campaign: "june", ID: "2", Provider: "qisign", State: "failed", Attempts: 25, CreatedAt: &at,
			Error: &report.Error{Code: "invalid", Message: "\t=cmd()"}},
		{Campaign: "june", ID: "3", Provider: "qisign", State: "failed"},
	}
}

func sequence(reports []jobs.Report, end error) iter.Seq2[jobs.Report, error] {
	return func(yield func(jobs.Report, error) bool) {
		for _, r := range reports {
			if !yield(r, nil) {
				return
			}
		}
		if end != nil {
			yield(jobs.Report{}, end)
		}
	}
}

func written(t *testing.T, format string) string {
	t.Helper()
	var out strings.Builder
	if err := WriteReport(&out, ReportStyle{Format: format, Campaign: "june <1>"}, sequence(sampleReports(), nil)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestReportCSV(t *testing.T) {
	text, marked := strings.CutPrefix(written(t, "csv"), "\ufeff")
	if !marked {
		t.Error("without a byte order mark a spreadsheet reads UTF-8 as something else")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatal(err, rows)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet runs %q", cell)
			}
		}
	}
	first := map[string]string{}
	for i, name := range rows[0] {
		first[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"id": "'=1+1", "envelope_id": "'-e1", "attempts": "1", "sent_at": "2026-11-20T10:30:00Z", "meta": `{"order":"7"}`,
		"signers":   "'@SUM(A1) <script>alert(\"x\")</script> <ana@example.com>: signed 2026-11-20T10:30:00Z; Bia: pending",
		"artifacts": "june/1/dossier.pdf sha256:00ff",
	} {
		if first[name] != want {
			t.Errorf("%s is %q, want %q", name, first[name], want)
		}
	}
	if rows[2][6] != "'=cmd()" {
		t.Errorf("error_message is %q", rows[2][6])
	}
}

// A cell is split where its separator was not the one that a spreadsheet expects: no
// piece of it may be a formula then, and no cell has a second line.
func TestReportCellIsHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"Ana":                       "Ana",
		"=1+1":                      "'=1+1",
		" -2":                       "'-2",
		"Ana;=cmd|' /C calc'!A0":    "Ana;'=cmd|' /C calc'!A0",
		"Ana\n=HYPERLINK(\"x\")":    "Ana =HYPERLINK(\"x\")",
		"a,\"@SUM(1)\"":             "a,\"'@SUM(1)\"",
		"a\t+1":                     "a\t'+1",
		"Bia\r\nCai":                "Bia Cai",
		"\u2028＝1":                  "'＝1",
		"ana-maria@example.com":     "ana-maria@example.com",
		"2026-11-20T10:30:00Z; x=1": "2026-11-20T10:30:00Z; x=1",
	} {
		if got := harmless(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// What is not suspicious is what the expressions would leave as it is: every text of up to four of these.
func TestSuspiciousMissesNothing(t *testing.T) {
	pieces := []string{"a", "é", "=", "-", "＋", "@", ",", ";", "|", "\t", " ", "\"", "'", "\n", "\u2028", "\u00a0"}
	var walk func(text string, left int)
	walk = func(text string, left int) {
		whole := strings.TrimSpace(text)
		if cured := formulas.ReplaceAllString(lineBreaks.ReplaceAllString(whole, " "), "$1$2'$3"); (cured != whole) && !suspicious(whole) {
			t.Fatalf("%q is let through, and was %q", whole, cured)
		}
		if left > 0 {
			for _, p := range pieces {
				walk(text+p, left-1)
			}
		}
	}
	walk("", 4)
}

func TestReportCSVForAnotherPlace(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := WriteReport(&out, ReportStyle{Format: "csv", Separator: ';', Zone: zone}, sequence(sampleReports(), nil)); err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff")))
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatal(err, rows)
	}
	if got, want := rows[1][11], "2026-11-20 07:30:00"; got != want {
		t.Errorf("sent at %q, want %q", got, want)
	}
}

func TestReportJSON(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(written(t, "json"), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines", len(lines))
	}
	var r jobs.Report
	if err := json.Unmarshal([]byte(lines[0]), &r); err != nil || r.ID != "=1+1" || r.Signers[0].SignedAt == nil {
		t.Errorf("%v %+v", err, r)
	}
}

func TestReportEndsWithItsSource(t *testing.T) {
	gone := errors.New("redis is gone")
	for _, format := range Formats {
		var out strings.Builder
		if err := WriteReport(&out, ReportStyle{Format: format, Campaign: "june"}, sequence(sampleReports(), gone)); !errors.Is(err, gone) {
			t.Errorf("%s: %v", format, err)
		}
		if format == "xlsx" { // a piece of a workbook is none
			continue
		}
		if !strings.Contains(out.String(), "qisign") {
			t.Errorf("%s: what was there is not written", format)
		}
	}
	if err := WriteReport(nil, ReportStyle{Format: "xml"}, nil); err == nil || !strings.Contains(err.Error(), "csv, json, html") {
		t.Error(err)
	}
}
