package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/ledger"
)

func TestCampaignFromCSVWithItsDocuments(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	csv := csvHead + csvRow("1", "contracts/a.pdf") + csvRow("2", "contracts/b.pdf")
	parts := []file{
		{"document", "contracts/a.pdf", pdf("a")},
		{"file", "June 2026.csv", csv}, // the CSV may come before or after its documents
		{"document", "contracts/b.pdf", pdf("b")},
	}
	var got CampaignAccepted
	r := s.postForm("/v1/campaigns", parts...).want(t, http.StatusAccepted, &got)
	if got.Campaign != "June-2026" || got.New != 2 || got.Total != 2 || got.States["queued"] != 2 || len(got.States) != len(ledger.States) {
		t.Errorf("%s", r.body)
	}
	if want := "/v1/campaigns/June-2026"; r.Header.Get("Location") != want {
		t.Errorf("Location %q, want %q", r.Header.Get("Location"), want)
	}
	s.postForm("/v1/campaigns", parts...).want(t, http.StatusAccepted, &got)
	if got.New != 0 || got.Known != 2 || got.Total != 2 {
		t.Errorf("again: %+v", got)
	}

	var status CampaignStatus
	s.get("/v1/campaigns/June-2026").want(t, http.StatusOK, &status)
	if status.Total != 2 || status.Paused {
		t.Errorf("%+v", status)
	}
	var list struct{ Campaigns []CampaignStatus }
	s.get("/v1/campaigns").want(t, http.StatusOK, &list)
	if len(list.Campaigns) != 1 || list.Campaigns[0].Campaign != "June-2026" {
		t.Errorf("%+v", list)
	}

	// Other content under an id that is there: nothing is enqueued, not even the new row.
	changed := []file{{"file", "x.csv", csvHead + csvRow("3", "a.pdf") + csvRow("2", "a.pdf")}, {"d", "a.pdf", pdf("other")}, {"campaign", "", "June-2026"}}
	p := s.postForm("/v1/campaigns", changed...).problem(t, http.StatusConflict)
	if p.Count != 1 || p.Errors[0].ID != "2" || p.Errors[0].Line != 3 || p.Errors[0].Field != "id" {
		t.Errorf("%+v", p)
	}
	if n := s.total("June-2026"); n != 2 {
		t.Errorf("%d envelopes, want 2", n)
	}
	s.postForm("/v1/campaigns", append(changed, file{"skip_invalid", "", "true"})...).want(t, http.StatusAccepted, &got)
	if got.New != 1 || got.Rejected != 1 || len(got.Errors) != 1 || got.Errors[0].ID != "2" {
		t.Errorf("%+v", got)
	}
	leftovers(t)
}

// leftovers fails when an upload's folder is still there.
func leftovers(t *testing.T) {
	t.Helper()
	if found := underWay(t); len(found) > 0 {
		t.Errorf("left behind: %s", found)
	}
}

// underWay are the folders of uploads that have not ended; the test has a TMPDIR of its own.
func underWay(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), uploadsDir+"*", "upload-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAnInvalidCampaignIsRefusedWhole(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	csv := csvHead + csvRow("1", "a.pdf") + "2,certyneo,,missing.pdf,Bia,not-an-address,11111111111\n" + csvRow("1", "a.pdf")
	parts := []file{{"file", "june.csv", csv}, {"d", "a.pdf", pdf("a")}}
	p := s.postForm("/v1/campaigns", parts...).problem(t, http.StatusUnprocessableEntity)
	found := map[string]bool{}
	for _, m := range p.Errors {
		found[fmt.Sprintf("%d %s", m.Line, m.Field)] = true
		if m.Message == "" || m.Column == 0 || m.Cell == "" {
			t.Errorf("%+v", m)
		}
	}
	for _, want := range []string{"3 subject", "3 document", "3 signer1.email", "3 signer1.document", "4 id"} {
		if !found[want] {
			t.Errorf("nothing about %s in %+v", want, p.Errors)
		}
	}
	if p.Count != len(p.Errors) {
		t.Errorf("count %d, listed %d", p.Count, len(p.Errors))
	}
	if n := s.total("june"); n != 0 {
		t.Errorf("%d envelopes were enqueued", n)
	}
	var got CampaignAccepted
	s.postForm("/v1/campaigns?skip_invalid=true", parts...).want(t, http.StatusAccepted, &got)
	if got.New != 1 || got.Rejected != 2 || len(got.Errors) != p.Count {
		t.Errorf("%+v", got)
	}
	leftovers(t)
}

func TestManyMistakesAreCountedAndTheFirstListed(t *testing.T) {
	s := newStack(t, nil)
	var csv strings.Builder
	csv.WriteString(csvHead)
	for i := range maxErrors + 50 {
		fmt.Fprintf(&csv, "%d,certyneo,,a.pdf,Ana,ana@example.com,52998224725\n", i)
	}
	p := s.postForm("/v1/campaigns", file{"file", "june.csv", csv.String()}, file{"d", "a.pdf", pdf("a")}).problem(t, http.StatusUnprocessableEntity)
	if p.Count != maxErrors+50 || len(p.Errors) != maxErrors {
		t.Errorf("count %d, listed %d", p.Count, len(p.Errors))
	}
}

func TestCampaignFromJSON(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	// The name may stand after the envelopes.
	body := fmt.Sprintf(`{"envelopes":[%s,%s],"campaign":"june"}`, marshal(t, envelopeJSON("1", pdf("a"))), marshal(t, envelopeJSON("2", pdf("b"))))
	var got CampaignAccepted
	s.postJSON("/v1/campaigns", body).want(t, http.StatusAccepted, &got)
	if got.Campaign != "june" || got.New != 2 {
		t.Errorf("%+v", got)
	}
	s.postJSON("/v1/campaigns", body).want(t, http.StatusAccepted, &got)
	if got.New != 0 || got.Known != 2 {
		t.Errorf("again %+v", got)
	}
	bad := envelopeJSON("4", pdf("c"))
	bad["signers"].([]any)[0].(map[string]any)["nome"] = "x"
	p := s.postJSON("/v1/campaigns", map[string]any{"campaign": "july", "envelopes": []any{envelopeJSON("3", pdf("a")), bad, envelopeJSON("3", pdf("b"))}}).problem(t, http.StatusUnprocessableEntity)
	if p.Count != 2 || *p.Errors[0].Index != 1 || p.Errors[0].Field != "signer1.nome" || p.Errors[0].Pointer != "#/envelopes/1/signers/0/nome" || p.Errors[1].Pointer != "#/envelopes/2/id" || *p.Errors[1].Index != 2 || p.Errors[1].Field != "id" {
		t.Errorf("%+v", p)
	}
	if n := s.total("july"); n != 0 {
		t.Errorf("%d envelopes were enqueued", n)
	}
	leftovers(t)
}

func TestMalformedCampaigns(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	ok := marshal(t, envelopeJSON("1", pdf("a")))
	for _, c := range []struct {
		body   string
		status int
	}{
		{``, 400}, {`[]`, 400}, {`{`, 400}, {`{"campaign":"june","envelopes":[`, 400}, {`{"campaign":"june","envelopes":[{]}`, 400},
		{`{"campaign":"june","envelopes":[` + ok + `]} trailing`, 400}, {`{"campaign":7,"envelopes":[]}`, 422},
		{`{"campaign":"june","envelopes":[]}`, 422}, {`{"envelopes":[` + ok + `]}`, 422}, {`{"campaign":"../x","envelopes":[` + ok + `]}`, 422},
		{`{"campaign":"june","envelopes":[` + ok + `],"more":1}`, 422}, {`{"campaign":"june","envelopes":["x"]}`, 422},
		{`{"campaign":"june","envelopes":[` + strings.Repeat("[", 100), 400},
		{`{"campaign":"june","envelopes":[{"documents":[{"name":"a.pdf","content":"!!"}]}]}`, 422},
	} {
		s.postJSON("/v1/campaigns", c.body).problem(t, c.status)
	}
	for _, parts := range [][]file{
		{{"other", "a.pdf", pdf("a")}},
		{{"file", "june.csv", ""}},
		{{"file", "june.csv", "no header\n"}},
		{{"file", "june.csv", csvHead}},
		{{"file", "june.csv", csvHead + csvRow("1", "../a.pdf")}, {"d", "a.pdf", pdf("a")}},
		{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", "not a document"}},
		{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", pdf("a")}, {"d", "./a.pdf", pdf("b")}},
		{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", pdf("a")}, {"colour", "", "blue"}},
		{{"file", "june.csv", csvHead + csvRow("1", "a.pdf")}, {"d", "a.pdf", pdf("a")}, {"skip_invalid", "", "perhaps"}},
	} {
		contentType, body := formBody(t, parts...)
		r := s.do(http.MethodPost, "/v1/campaigns", contentType, body)
		if r.StatusCode != http.StatusBadRequest {
			r.problem(t, http.StatusUnprocessableEntity)
		} else {
			r.problem(t, http.StatusBadRequest)
		}
	}
	s.do(http.MethodPost, "/v1/campaigns", "text/csv", strings.NewReader(csvHead)).problem(t, http.StatusUnsupportedMediaType)
	s.do(http.MethodPost, "/v1/campaigns", "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=file\r\n\r\ncut")).problem(t, http.StatusBadRequest)
	if n := s.total("june"); n != 0 {
		t.Errorf("%d envelopes were enqueued", n)
	}
	leftovers(t)
}

func TestEnvelopeIsAcceptedOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newStack(t, nil)
	const path = "/v1/campaigns/june/envelopes"
	var report struct {
		Campaign, ID, Provider, State string
		Error                         any
		Signers                       []struct{ Name, State string }
		Artifacts                     []any
		Meta                          map[string]string
	}
	r := s.postJSON(path, envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, &report)
	if report.Campaign != "june" || report.ID != "1" || report.State != "queued" || report.Meta["order"] != "42" || len(report.Signers) != 1 || report.Artifacts == nil {
		t.Errorf("%s", r.body)
	}
	if want := path + "/1"; r.Header.Get("Location") != want {
		t.Errorf("Location %q", r.Header.Get("Location"))
	}
	s.postJSON(path, envelopeJSON("1", pdf("a"))).want(t, http.StatusOK, &report)
	s.postJSON(path, envelopeJSON("1", pdf("other"))).problem(t, http.StatusConflict)

	// The same by upload: the document is a part, the content is the same envelope.
	upload := envelopeJSON("1", "")
	upload["documents"] = []any{map[string]any{"name": "contract.pdf", "source": "folder/whatever.pdf"}}
	s.postForm(path, file{"envelope", "", marshal(t, upload)}, file{"d", "folder/whatever.pdf", pdf("a")}).want(t, http.StatusOK, nil)

	again := s.get(path+"/1").want(t, http.StatusOK, nil)
	if string(again.body) != string(s.get(path+"/1").body) {
		t.Error("two reads differ")
	}
	s.get(path+"/2").problem(t, http.StatusNotFound)
	leftovers(t)
}

func TestInvalidEnvelopes(t *testing.T) {
	s := newStack(t, nil)
	content := base64.StdEncoding.EncodeToString([]byte(pdf("a")))
	change := func(name string, v any) string {
		e := envelopeJSON("1", pdf("a"))
		e[name] = v
		return marshal(t, e)
	}
	for _, c := range []struct {
		body, field string
		status      int
	}{
		{change("assunto", "x"), "assunto", 422},
		{change("subject", 7), "subject", 422},
		{change("subject", ""), "subject", 422},
		{change("campaign", "july"), "campaign", 422},
		{change("expires", "soon"), "expires", 422},
		{change("provider", "nobody"), "provider", 422},
		{change("provider", "qisign"), "provider", 422}, // known, but not configured here
		{change("signers", []any{}), "signer1.name", 422},
		{change("documents", []any{}), "document", 422},
		{change("documents", []any{map[string]any{"content": content}}), "document", 422},
		{change("documents", []any{map[string]any{"name": "a.pdf"}}), "document", 422},
		{change("documents", []any{map[string]any{"name": "a.pdf", "content": content, "source": "s3://b/k"}}), "document", 422},
		{change("documents", []any{map[string]any{"name": "a.pdf", "content": content, "kind": "x"}}), "document", 422},
		{change("documents", []any{map[string]any{"name": "a.pdf", "content": "####"}}), "document", 422},
		{change("documents", []any{map[string]any{"name": "a.pdf", "content": ""}}), "document", 422},
		{change("meta", map[string]any{"a": 1}), "meta.a", 422},
		{`{"id":`, "", 400}, {`nonsense`, "", 400}, {`{} {}`, "", 400},
	} {
		p := s.postJSON("/v1/campaigns/june/envelopes", c.body).problem(t, c.status)
		if c.status == 422 && !hasField(p, c.field) {
			t.Errorf("nothing about %s: %+v", c.field, p.Errors)
		}
	}
	if n := s.total("june"); n != 0 {
		t.Errorf("%d envelopes were enqueued", n)
	}
}

func hasField(p Problem, field string) bool {
	for _, m := range p.Errors {
		if m.Field == field {
			return true
		}
	}
	return false
}

func TestEnvelopeThatIsTooLarge(t *testing.T) {
	s := newStack(t, func(c *Config) { c.Limits.Envelope = 1 << 20 })
	s.postJSON("/v1/campaigns/june/envelopes", envelopeJSON("1", pdf(strings.Repeat("x", 1<<20)))).problem(t, http.StatusRequestEntityTooLarge)
	s.postForm("/v1/campaigns/june/envelopes", file{"envelope", "", marshal(t, envelopeJSON("1", pdf("a")))}, file{"d", "b.pdf", strings.Repeat("x", 1<<20)}).problem(t, http.StatusRequestEntityTooLarge)
}

func TestPagesOfEnvelopes(t *testing.T) {
	s := newStack(t, nil)
	csv := csvHead
	for i := range 5 {
		csv += csvRow(fmt.Sprint(i), "a.pdf")
	}
	s.postForm("/v1/campaigns", file{"file", "june.csv", csv}, file{"d", "a.pdf", pdf("a")}).want(t, http.StatusAccepted, nil)
	var ids []string
	for cursor := ""; ; {
		var page struct {
			Envelopes []struct{ ID string }
			Next      *string
		}
		s.get("/v1/campaigns/june/envelopes?limit=2&state=queued&cursor="+cursor).want(t, http.StatusOK, &page)
		for _, e := range page.Envelopes {
			ids = append(ids, e.ID)
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	if got := strings.Join(ids, ""); got != "01234" {
		t.Errorf("pages give %s", got)
	}
	empty := s.get("/v1/campaigns/june/envelopes?state=failed").want(t, http.StatusOK, nil)
	if got := strings.TrimSpace(string(empty.body)); got != `{"envelopes":[],"next":null}` {
		t.Errorf("%s", got)
	}
	for _, query := range []string{"state=lost", "limit=0", "limit=x", "limit=1001", "cursor=x", "cursor=-1"} {
		s.get("/v1/campaigns/june/envelopes?"+query).problem(t, http.StatusBadRequest)
	}
	s.get("/v1/campaigns/july/envelopes").problem(t, http.StatusNotFound)
}
