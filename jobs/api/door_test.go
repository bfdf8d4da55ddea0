package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
)

// Bodies as programs write them: taken with the value that is meant, or refused with the place.
func TestBodiesAsProgramsWriteThem(t *testing.T) {
	s := newStack(t, nil)
	const path = "/v1/campaigns/june/envelopes"
	content := pdf("a\xfb\xff\xfe")
	with := func(id, encoded string) string {
		return strings.Replace(marshal(t, envelopeJSON(id, "")), `"content":""`, `"content":"`+encoded+`"`, 1)
	}
	s.postJSON(path, with("std", base64.StdEncoding.EncodeToString([]byte(content)))).want(t, http.StatusAccepted, nil)
	want := digestOf(t, s, "june/std")
	for id, encoded := range map[string]string{
		"url":      base64.URLEncoding.EncodeToString([]byte(content)),
		"unpadded": base64.RawStdEncoding.EncodeToString([]byte(content)),
		"both":     base64.RawURLEncoding.EncodeToString([]byte(content)),
		"data":     "data:application/pdf;base64," + base64.StdEncoding.EncodeToString([]byte(content)),
	} {
		s.postJSON(path, with(id, encoded)).want(t, http.StatusAccepted, nil)
		if got := digestOf(t, s, "june/"+id); got != want {
			t.Errorf("%s: another document was kept", id)
		}
	}
	s.postJSON(path, "\uFEFF"+with("bom", base64.StdEncoding.EncodeToString([]byte(pdf("b"))))).want(t, http.StatusAccepted, nil)

	for body, want := range map[string]struct{ pointer, message string }{
		`{"id":"1","subject":"N` + "\xfa" + `vea"}`:                    {"#/subject", "is not UTF-8"},
		`{"id":"1","signers":[{"name":"Jo` + "\xe3" + `o"}]}`:          {"#/signers/0/name", "is not UTF-8"},
		`{"id":"1","meta":{"` + "\xe3" + `":"x"}}`:                     {"#/meta", "is not UTF-8"},
		`{"id":"1","subject":"\ud800"}`:                                {"#/subject", ""},
		`{"id":"1","id":"2"}`:                                          {"#/id", "stands twice"},
		`{"id":"1","signers":[{"email":"a@b.com","email":"c@d.com"}]}`: {"#/signers/0/email", "stands twice"},
		`{"id":"1","meta":{"a":"1","a":"2"}}`:                          {"#/meta/a", "stands twice"},
	} {
		for _, c := range []struct{ path, body, prefix string }{
			{path, body, ""}, {"/v1/campaigns?campaign=june", `{"envelopes":[` + marshal(t, envelopeJSON("x", pdf("x"))) + "," + body + `]}`, "/envelopes/1"},
		} {
			p := s.postJSON(c.path, c.body).problem(t, http.StatusBadRequest)
			pointer := "#" + c.prefix + strings.TrimPrefix(want.pointer, "#")
			if len(p.Errors) != 1 || p.Errors[0].Pointer != pointer || !strings.Contains(p.Errors[0].Message, want.message) {
				t.Errorf("%q: %+v", c.body, p.Errors)
			}
		}
	}
	s.postJSON("/v1/campaigns/june/envelopes/std/resolve", `{"not_sent":true,"not_sent":false}`).problem(t, http.StatusBadRequest)
	if n := s.total("june"); n != 6 {
		t.Errorf("%d envelopes", n)
	}
}

// digestOf is the hash of an envelope's first document.
func digestOf(t *testing.T, s *stack, key string) string {
	t.Helper()
	r, err := s.client.Ledger().Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(r.Envelope), `"sha256":"`)
	if !ok || len(rest) < 64 {
		t.Fatalf("%s", r.Envelope)
	}
	return rest[:64]
}

// Every mistake in JSON has its place as a JSON Pointer, and the CSV's name for it.
func TestPointers(t *testing.T) {
	s := newStack(t, nil)
	e := envelopeJSON("1", pdf("a"))
	e["subject"], e["sobject"] = "", "x"
	p := s.postJSON("/v1/campaigns/june/envelopes", e).problem(t, http.StatusUnprocessableEntity)
	if m := p.Errors[0]; m.Pointer != "#/sobject" || m.Message != "is not a known field" {
		t.Errorf("%+v", p.Errors)
	}
	delete(e, "sobject")
	e["documents"] = append(e["documents"].([]any), map[string]any{"name": "b.pdf"})
	e["signers"] = []any{map[string]any{"name": "Ana", "email": "x", "id_front": "nothing.png"}}
	e["meta"] = map[string]string{"a.b/c": "\u0000"}
	e["options"] = map[string]any{"certyneo": map[string]string{"level": "\u0000"}}
	p = s.postJSON("/v1/campaigns/june/envelopes", e).problem(t, http.StatusUnprocessableEntity)
	found := map[string]string{}
	for _, m := range p.Errors {
		found[m.Pointer] = m.Field
	}
	for pointer, field := range map[string]string{"#/subject": "subject", "#/documents/1": "document", "#/signers/0/email": "signer1.email",
		"#/signers/0/id_front": "signer1.id_front", "#/meta/a.b~1c": "meta.a.b/c", "#/options/certyneo/level": "certyneo.level"} {
		if found[pointer] != field {
			t.Errorf("nothing at %s: %+v", pointer, p.Errors)
		}
	}
	p = s.postJSON("/v1/campaigns", map[string]any{"campaign": "june", "envelopes": []any{envelopeJSON("0", pdf("a")), e}}).problem(t, http.StatusUnprocessableEntity)
	if !strings.HasPrefix(p.Errors[0].Pointer, "#/envelopes/1/") {
		t.Errorf("%+v", p.Errors)
	}
}

// A form is what people's programs send: names without folders, in either form of
// Unicode, with a Windows path.
func TestFormsAsProgramsWriteThem(t *testing.T) {
	s := newStack(t, nil)
	var got CampaignAccepted
	sheet := csvHead + csvRow("1", "documents/lease-11.pdf") + csvRow("2", "locação.pdf") + csvRow("3", "./documents/x.pdf")
	nfd := "locac\u0327a\u0303o.pdf"
	s.postForm("/v1/campaigns", file{"file", "a.csv", sheet}, file{"d", "lease-11.pdf", pdf("a")}, file{"d", nfd, pdf("b")}, file{"d", "x.pdf", pdf("c")}).want(t, http.StatusAccepted, &got)
	if got.New != 3 {
		t.Errorf("%+v", got)
	}
	// One part, two documents that it could be: nobody guesses, whatever may be skipped.
	twice := csvHead + csvRow("1", "a/x.pdf") + csvRow("2", "b/x.pdf")
	p := s.postForm("/v1/campaigns?skip_invalid=true", file{"file", "b.csv", twice}, file{"d", "x.pdf", pdf("a")}).problem(t, http.StatusUnprocessableEntity)
	if !strings.Contains(p.Detail, "with their folders") || s.total("b") != 0 {
		t.Errorf("%+v", p)
	}
	s.postForm("/v1/campaigns", file{"file", "b.csv", twice}, file{"d", "a/x.pdf", pdf("a")}, file{"d", `b\x.pdf`, pdf("b")}).want(t, http.StatusAccepted, nil)
	for i, disposition := range []string{`name=file; filename=C:\RH\june.csv`, `name="file"; filename="C:\RH\june.csv"`, `name=file; filename="/srv/RH/june.csv"`} {
		body := "--B\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + csvHead + csvRow(fmt.Sprint(i), "x.pdf") +
			"\r\n--B\r\nContent-Disposition: form-data; name=d; filename=x.pdf\r\n\r\n" + pdf("a") + "\r\n--B--\r\n"
		s.do(http.MethodPost, "/v1/campaigns", "multipart/form-data; boundary=B", strings.NewReader(body)).want(t, http.StatusAccepted, &got)
		if got.Campaign != "june" {
			t.Errorf("%s: campaign %s", disposition, got.Campaign)
		}
	}
}

func TestCampaignNameThatIsTooLong(t *testing.T) {
	s := newStack(t, nil)
	long := strings.Repeat("\U00020000", 64) // 256 bytes
	s.postJSON("/v1/campaigns", map[string]any{"campaign": long, "envelopes": []any{envelopeJSON("1", pdf("a"))}}).problem(t, http.StatusUnprocessableEntity)
	s.postJSON("/v1/campaigns/"+long+"/envelopes", envelopeJSON("1", pdf("a"))).problem(t, http.StatusUnprocessableEntity)
	s.postJSON("/v1/campaigns/"+long[:252]+"/envelopes", envelopeJSON("1", pdf("a"))).want(t, http.StatusAccepted, nil)
	var got CampaignAccepted
	s.postForm("/v1/campaigns", file{"file", long + ".csv", csvHead + csvRow("2", "a.pdf")}, file{"d", "a.pdf", pdf("a")}).want(t, http.StatusAccepted, &got)
	if got.Campaign != long[:252] {
		t.Errorf("%q", got.Campaign)
	}
}

// Objects are read with the server's rights: a key names those that it was given, and
// learns nothing about others.
func TestSourcesOfAKey(t *testing.T) {
	opened := map[string]int{}
	objects := map[string]string{"s3://inn/crm/a.pdf": pdf("a"), "s3://inn/other/a.pdf": pdf("b"), "s3://archive/june/1/face.jpg": "\xff\xd8\xff"}
	s := newStack(t, func(c *Config) {
		c.Keys = []Key{{Name: "crm", Secret: "key-of-crm"}, {Name: "none", Secret: "key-of-none"}}
		if err := ParseSources("crm=s3://inn/crm/", c.Keys); err != nil {
			t.Fatal(err)
		}
		c.Client = jobs.NewClient(jobs.ClientConfig{Redis: c.Client.Ledger().Redis(), Archive: c.Client.Archive(), Providers: c.Providers, Log: c.Log,
			Sources: func(_ context.Context, source string) (io.ReadCloser, error) {
				opened[source]++
				if text, ok := objects[source]; ok {
					return io.NopCloser(strings.NewReader(text)), nil
				}
				return nil, errors.New("403 AccessDenied for " + source)
			}})
	})
	send := func(id, source string) (reply, reply) {
		e := envelopeJSON(id, "")
		e["documents"] = []any{map[string]any{"name": "a.pdf", "source": source}}
		return s.postJSON("/v1/campaigns/june/envelopes", e),
			s.postForm("/v1/campaigns", file{"file", "csv.csv", csvHead + csvRow(id, source)})
	}
	s.key = "key-of-crm"
	one, many := send("1", "s3://inn/crm/a.pdf")
	one.want(t, http.StatusAccepted, nil)
	many.want(t, http.StatusAccepted, nil)
	clear(opened)
	messages := map[string]bool{}
	for _, key := range []string{"key-of-crm", "key-of-none"} {
		s.key = key
		for _, source := range []string{"s3://inn/crm/missing.pdf", "s3://inn/other/a.pdf", "s3://inn/crm", "s3://inn/crm/", "s3://inn/crmx/a.pdf", "s3://inn/crm/../other/a.pdf", "s3://inn/crm/%2e%2e/other/a.pdf", "s3://inn/crm/%252e%252e%252fother/a.pdf", "s3://inn/crm//a.pdf",
			`s3://inn/crm/..\other\a.pdf`, "s3://archive/june/1/face.jpg", "s3://archive/june/1/missing.jpg", "s3://other/x"} {
			for _, r := range []reply{first(send("2", source)), second(send("2", source))} {
				p := r.problem(t, http.StatusUnprocessableEntity)
				message := strings.TrimPrefix(p.Errors[0].Message, "document 1: ")
				if !strings.HasPrefix(message, "must have the form") {
					messages[message] = true
				}
			}
		}
	}
	if len(messages) != 1 || !messages[errSource.Error()] {
		t.Errorf("several texts: %v", messages)
	}
	for source := range opened {
		if source != "s3://inn/crm/missing.pdf" {
			t.Errorf("%s was looked for", source)
		}
	}
}

func first(a, _ reply) reply  { return a }
func second(_, b reply) reply { return b }

func TestParseSources(t *testing.T) {
	keys := []Key{{Name: "crm"}, {Name: "hr"}, {Name: "crm"}}
	if err := ParseSources("crm=s3://inn/crm, hr=s3://bucket\ncrm=s3://inn/x/y/", keys); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(keys[0].Sources, keys[1].Sources, keys[2].Sources); got != "[{inn crm} {inn x/y}] [{bucket }] [{inn crm} {inn x/y}]" {
		t.Error(got)
	}
	for _, bad := range []string{"crm", "crm=", "crm=in/crm", "crm=s3://", "crm=s3:///x", "crm=s3://inn/../x", "crm=s3://inn/%2e%2e/x", "crm=s3://Inn/x", "crm=s3://inn//x", "nobody=s3://inn/x"} {
		if err := ParseSources(bad, keys); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestWrongKeyIsToldFromNone(t *testing.T) {
	s := keyed(t, nil)
	none := s.get("/v1/campaigns").problem(t, http.StatusUnauthorized)
	s.key = "nonsense"
	wrong := s.get("/v1/campaigns").problem(t, http.StatusUnauthorized)
	if none.Detail == wrong.Detail || !strings.Contains(wrong.Detail, "not known") {
		t.Errorf("%q, %q", none.Detail, wrong.Detail)
	}
}
