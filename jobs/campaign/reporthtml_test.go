package campaign

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

func pageOf(t *testing.T, style ReportStyle, reports []jobs.Report) string {
	t.Helper()
	style.Format = "html"
	var out strings.Builder
	if err := WriteReport(&out, style, sequence(reports, nil)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func wantTexts(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestReportHTML(t *testing.T) {
	got := written(t, "html")
	wantTexts(t, got, `<html lang="en">`, "<title>Campaign june &lt;1&gt;</title>", "&lt;script&gt;alert", "1 of 3 signed (33.3%)", "2 need somebody",
		"invalid: ", "25 attempts", `Sent <time datetime="2026-11-20T10:30:00Z">20 Nov 2026 10:30</time>`, "times are of UTC")
	if strings.Contains(got, "<script") || regexp.MustCompile(`(?i)(src|href)\s*=|@import|url\(|https?://`).MatchString(got) {
		t.Error("the page runs or loads something")
	}
	if open, shut := strings.Count(got, "<tr>"), strings.Count(got, "</tr>"); open != shut || !strings.HasSuffix(got, "</html>\n") {
		t.Errorf("%d rows opened, %d closed", open, shut)
	}
}

// TestReportHTMLIsSafe: whoever writes a name, a subject or a reason writes no part of the page.
func TestReportHTMLIsSafe(t *testing.T) {
	evil := `"><img src=x onerror=alert(1)><script>alert(2)</script>{{.}}</style>`
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var reports []jobs.Report
	for _, state := range ledger.States {
		reports = append(reports, jobs.Report{Campaign: evil, ID: evil, Provider: evil, State: string(state), EnvelopeID: evil, Subject: evil, CreatedAt: &at, SentAt: &at,
			Error: &report.Error{Code: evil, Message: evil + "%s", Explanation: evil}, Odd: []string{evil}, Meta: map[string]string{evil: evil},
			Signers:   []report.Signer{{Name: evil, Email: evil, State: evil, Reason: evil}, {SignedAt: &at}},
			Artifacts: []report.Artifact{{Kind: "x" + `"><b>`, SHA256: evil}}})
	}
	for _, language := range []lang.Language{lang.English, lang.Portuguese} {
		got := pageOf(t, ReportStyle{Campaign: evil, Language: language}, reports)
		if regexp.MustCompile(`(?i)<(img|script|b)[ >]|</style>[^\n]*onerror`).MatchString(got) || strings.Contains(got, "%!") {
			t.Error("what people write became a part of the page, or a text lacks a value")
		}
		if n := strings.Count(got, "</style>"); n != 1 {
			t.Errorf("%d ends of the style", n)
		}
	}
}

// TestReportSaysWhatAManagerAsks: how far, why not, and how long.
func TestReportSaysWhatAManagerAsks(t *testing.T) {
	sent := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var reports []jobs.Report
	for i := range 10 { // signed after 1 to 10 hours
		signed := sent.Add(time.Duration(i+1) * time.Hour)
		reports = append(reports, jobs.Report{ID: strconv.Itoa(i), Provider: "qisign", State: "archived", CreatedAt: &sent, SentAt: &sent, CompletedAt: &signed, ArchivedAt: &signed,
			Signers: []report.Signer{{State: "signed", SignedAt: &signed}}})
	}
	reports = append(reports,
		jobs.Report{ID: "d", Provider: "sdoc", State: "declined", CreatedAt: &sent, SentAt: &sent, Signers: []report.Signer{{State: "declined", Reason: "o valor está errado"}}},
		jobs.Report{ID: "f", Provider: "sdoc", State: "failed", CreatedAt: &sent, Error: &report.Error{Code: "bad_phone", Message: "sdoc: solicitation: 422", Explanation: "telefone inválido"}},
		jobs.Report{ID: "s", Provider: "sdoc", State: "sent", CreatedAt: &sent, SentAt: &sent, Signers: []report.Signer{{State: "pending"}}},
		jobs.Report{ID: "q", Provider: "sdoc", State: "queued", CreatedAt: &sent})
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	english := pageOf(t, ReportStyle{Campaign: "june", Zone: zone}, reports)
	wantTexts(t, english, "10 of 14 signed (71.4%)", "1 waits for its signers, 1 is not sent yet, 1 has ended unsigned, 1 needs somebody.",
		"<dd>6 h</dd>", "<dd>9 h</dd>", "10 signatures.", "the middle half took 3 h to 8 h, the quickest 1 h, the slowest 10 h", "1 person is asked and has not signed.",
		`<th scope="row">Sent</th><td class="n">12</td><td class="n">85.7%</td>`, "queued: 1, failed: 1", "sent: 1, declined: 1",
		"sdoc: solicitation: 422; sdoc says: telefone inválido", "The provider did not take it.", "o valor está errado", "20 Nov 2026 19:00", "times are of America/Sao_Paulo")
	portuguese := pageOf(t, ReportStyle{Campaign: "june", Zone: zone, Language: lang.Portuguese}, reports)
	wantTexts(t, portuguese, `<html lang="pt-BR">`, "Campanha june", "10 de 14 assinados (71,4%)", "1 precisa de alguém", "Metade assinou em até", "a metade do meio levou de 3 h a 8 h",
		"na fila: 1, falhou: 1", "sdoc diz: telefone inválido", "O provedor não aceitou.", "20/11/2026 19:00", "recusado: 1")
}

// TestCourseOfAMinute: rows of one minute say the second, and shares are rounded.
func TestCourseOfAMinute(t *testing.T) {
	begun := time.Date(2026, 11, 20, 19, 57, 0, 0, time.UTC)
	var reports []jobs.Report
	for i := range 60 {
		sent := begun.Add(time.Duration(i) * time.Second)
		r := jobs.Report{ID: strconv.Itoa(i), Provider: "sdoc", State: "failed", CreatedAt: &begun}
		if i < 52 {
			r.State, r.SentAt, r.CompletedAt, r.ArchivedAt = "archived", &sent, &sent, &sent
		}
		reports = append(reports, r)
	}
	wantTexts(t, pageOf(t, ReportStyle{Campaign: "june"}, reports), "52 of 60 signed (86.7%)", `<th scope="row">20 Nov 2026 19:57:07</th><td class="n">8</td>`,
		`<th scope="row">20 Nov 2026 19:57:51</th><td class="n">52</td>`)
	for i := range 52 {
		later := begun.Add(time.Duration(i) * time.Hour)
		reports[i].SentAt = &later
	}
	wantTexts(t, pageOf(t, ReportStyle{Campaign: "june"}, reports), `<th scope="row">22 Nov 2026 22:57</th><td class="n">52</td>`)
}

// A page of more envelopes than a browser draws has all figures, lists what somebody should look at,
// and says where all are.
func TestLongPageIsShortened(t *testing.T) {
	const all = 4 * mostRows
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	large := func(yield func(jobs.Report, error) bool) {
		for i := range all {
			r := jobs.Report{Campaign: "june", ID: strconv.Itoa(i), Provider: "sdoc", State: "archived", SentAt: &at, CompletedAt: &at}
			if i%10 == 0 {
				r.State, r.Error = "failed", &report.Error{Code: "refused", Message: fmt.Sprintf("row %d", i)}
			}
			if !yield(r, nil) {
				return
			}
		}
	}
	style := ReportStyle{Format: "html", Campaign: "june"}
	c := ledger.Campaign{Total: all, Providers: map[string]map[ledger.State]int64{"sdoc": {ledger.Queued: 7}}}
	c.Name, c.Halts = "june", []ledger.Halt{{Provider: "sdoc", Failures: 5, Code: "refused"}}
	style.Head([]ledger.Campaign{c})
	var page strings.Builder
	if err := WriteReport(&page, style, large); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, page.String(), "20,000", "failed: 2,000", "In other words, or without any: 1,996.", "It lists 500 that failed or are in doubt.",
		"sdoc: halted, as 5 envelopes in a row failed with refused; 7 wait.", "chancela report june --output june.xlsx")
	if n := strings.Count(page.String(), `<td class="times">`); n != mostTrouble {
		t.Errorf("%d rows", n)
	}
	if page.Len() > 1<<20 {
		t.Errorf("the page has %d bytes", page.Len())
	}
}

func TestReportOfNothing(t *testing.T) {
	wantTexts(t, pageOf(t, ReportStyle{Campaign: "june"}, nil), "Campaign june", "There are none.", "</html>")
}

// TestReportOfADateOfNowhere: a provider's time may be centuries after the invitation, or before it.
func TestReportOfADateOfNowhere(t *testing.T) {
	sent := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for _, year := range []int{1, 2180, 9999} {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		want := map[bool]string{true: "&lt; 10 s", false: "30 d +"}[at.Before(sent)]
		wantTexts(t, pageOf(t, ReportStyle{Campaign: "june"}, []jobs.Report{{ID: "1", Provider: "sdoc", State: "archived", SentAt: &sent, CompletedAt: &at,
			Signers: []report.Signer{{State: "signed", SignedAt: &at}}}}), want, "1 signature", "</html>")
	}
}
