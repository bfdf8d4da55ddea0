package intake

import (
	"context"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chancela/chancela/providers"
)

func content(context.Context) (io.ReadCloser, error) { return nil, errors.New("not opened by a check") }

// valid is an envelope without a mistake.
func valid() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "1", Provider: "certyneo", Subject: "Lease 14",
		Documents: []providers.Document{{Name: "lease.pdf", Open: content}},
		Signers:   []providers.Signer{{Name: "Ana Prova", Email: "ana@example.com", Phone: "+5511912345678"}},
	}
}

func TestNormalizeGivesOneForm(t *testing.T) {
	e := providers.Envelope{
		Campaign: " june ", ID: " 1 ", Provider: " CertyNeo", Subject: " Lease 14\t", Message: "Hello,\nsign. ",
		Expires:   providers.Expiry{Date: "31/12/2033"},
		Documents: []providers.Document{{Source: "s3://bucket/a/lease.pdf"}, {Name: `C:\docs\annex.pdf`, Open: content}},
		Meta:      map[string]string{"order": " 7 ", "empty": " "},
		Options:   map[string]map[string]string{"Certyneo": {"LEVEL": " ADVANCED ", "tags": ""}},
		Signers: []providers.Signer{{
			Name: " Ana \u00a0 Prova ", Email: " ana@EXAMPLE.com", Phone: "(11) 91234-5678", Document: "529.982.247-25",
			Birthdate: "02/04/1988", Channel: "WhatsApp", Auth: "EMAIL", Type: "Electronic", IDType: "CNH",
			IDFront: &providers.Document{Name: "x/front.jpg", Open: content},
		}, {
			Name: "Prova Ltda", Email: "contato@açaí.com.br", Document: "12.abc.345/01de-35", Birthdate: "1850-01-01",
		}},
	}
	before := e.Signers[0]
	if problems := normalizeOn(t, &e); len(problems) > 0 {
		t.Fatal(problems)
	}
	ana, ltda := e.Signers[0], e.Signers[1]
	for _, c := range []struct{ name, got, want string }{
		{"campaign", e.Campaign, "june"}, {"id", e.ID, "1"}, {"provider", e.Provider, "certyneo"},
		{"subject", e.Subject, "Lease 14"}, {"message", e.Message, "Hello,\nsign."}, {"expires", e.Expires.Date, "2033-12-31"},
		{"document 1", e.Documents[0].Name, "lease.pdf"}, {"document 2", e.Documents[1].Name, "annex.pdf"},
		{"option", e.Option("level"), "ADVANCED"},
		{"name", ana.Name, "Ana Prova"}, {"email", ana.Email, "ana@example.com"}, {"phone", ana.Phone, "+5511912345678"},
		{"cpf", ana.Document, "52998224725"}, {"birthdate", ana.Birthdate, "1988-04-02"}, {"channel", ana.Channel, "whatsapp"},
		{"auth", ana.Auth, "email"}, {"type", ana.Type, "electronic"}, {"id_type", ana.IDType, "cnh"}, {"id_front", ana.IDFront.Name, "front.jpg"},
		{"cnpj", ltda.Document, "12ABC34501DE35"}, {"domain", ltda.Email, "contato@xn--aa-4iaz.com.br"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if !reflect.DeepEqual(e.Meta, map[string]string{"order": "7"}) || len(e.Options["certyneo"]) != 1 {
		t.Errorf("meta %v, options %v", e.Meta, e.Options)
	}
	if before.Name != " Ana \u00a0 Prova " || before.IDFront.Name != "x/front.jpg" {
		t.Error("the caller's signer was written to")
	}
	again := e
	if problems := normalizeOn(t, &again); len(problems) > 0 {
		t.Error("the second time:", problems)
	}
	if again.Signers[0].Phone != ana.Phone || !reflect.DeepEqual(again.Meta, e.Meta) || again.Expires != e.Expires {
		t.Error("the second time something changed")
	}
}

// normalizeOn normalizes in the evening of 20 November 2026.
func normalizeOn(t *testing.T, e *providers.Envelope) (problems providers.Problems) {
	t.Helper()
	c := checker{now: time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)}
	c.envelope(e)
	return c.problems
}

// TestTodayIsTheSenders judges an envelope for the first of January at ten in the evening of
// that day in São Paulo, when it is the second by UTC.
func TestTodayIsTheSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins on 1 January 2000, midnight by UTC
		time.Sleep(25 * time.Hour)
		judge := NewJudge(nil, nil, time.FixedZone("-03", -3*60*60))
		for day, want := range map[string]bool{"1999-12-31": true, "2000-01-01": false, "2000-01-02": false} {
			e := valid()
			e.Expires.Date = day
			problems, err := judge.Check(t.Context(), &e, nil)
			if err != nil {
				t.Fatal(err)
			}
			if past := slices.ContainsFunc(problems, func(p providers.Problem) bool { return p.Field == "expires" }); past != want {
				t.Errorf("%s: past is %t", day, past)
			}
		}
		e := valid()
		e.Expires.Date = "2000-01-01"
		if problems, _ := NewJudge(nil, nil, nil).Check(t.Context(), &e, nil); !strings.Contains(problems.Error(), "in the past") {
			t.Errorf("by UTC: %v", problems)
		}
	})
}

func TestNormalizeProblems(t *testing.T) {
	signer := func(change func(*providers.Signer)) func(*providers.Envelope) {
		return func(e *providers.Envelope) { change(&e.Signers[0]) }
	}
	stamp := func(s providers.Stamp) func(*providers.Envelope) {
		return signer(func(x *providers.Signer) { x.Stamp = &s })
	}
	email := func(s string) func(*providers.Envelope) {
		return signer(func(x *providers.Signer) { x.Email = s })
	}
	phone := func(s string) func(*providers.Envelope) {
		return signer(func(x *providers.Signer) { x.Phone = s })
	}
	image := &providers.Document{Name: "front.jpg", Open: content}
	for name, c := range map[string]struct {
		change func(*providers.Envelope)
		want   string // FIELD: part of the message
	}{
		"campaign":             {func(e *providers.Envelope) { e.Campaign = "-june" }, "campaign: must begin with"},
		"campaign, slash":      {func(e *providers.Envelope) { e.Campaign = "a/b" }, "campaign: must begin with"},
		"no id":                {func(e *providers.Envelope) { e.ID = "" }, "id: is required"},
		"id of dots":           {func(e *providers.Envelope) { e.ID = ".." }, "id: must be"},
		"id of the list":       {func(e *providers.Envelope) { e.ID = "Index.CSV" }, "id: index.csv is the name of the list"},
		"id, accent":           {func(e *providers.Envelope) { e.ID = "é" }, "id: must be"},
		"id, long":             {func(e *providers.Envelope) { e.ID = strings.Repeat("a", 101) }, "id: must be"},
		"provider":             {func(e *providers.Envelope) { e.Provider = "docusign" }, "provider: must be one of contraktor"},
		"no subject":           {func(e *providers.Envelope) { e.Subject = " " }, "subject: is required"},
		"long subject":         {func(e *providers.Envelope) { e.Subject = strings.Repeat("é", 501) }, "subject: has 501 characters, at most 500"},
		"subject, two lines":   {func(e *providers.Envelope) { e.Subject = "a\nb" }, "subject: holds a line break or another character that cannot be printed: character 2 is U+000A (line break)"},
		"subject, turned":      {func(e *providers.Envelope) { e.Subject = "a\u202eb" }, "subject: holds a line break or another character that cannot be printed: character 2 is U+202E (right-to-left override)"},
		"subject, not UTF-8":   {func(e *providers.Envelope) { e.Subject = "a\xff" }, "subject: is not valid UTF-8"},
		"message":              {func(e *providers.Envelope) { e.Message = "a\x00" }, "message: holds a line break or another character that cannot be printed: character 2 is U+0000"},
		"nothing to sign":      {func(e *providers.Envelope) { e.Documents = nil }, "document: is required unless"},
		"both":                 {func(e *providers.Envelope) { e.Template = "t" }, "document: cannot be combined"},
		"no content":           {func(e *providers.Envelope) { e.Documents[0].Open = nil }, "document: needs a content"},
		"local path":           {func(e *providers.Envelope) { e.Documents[0] = providers.Document{Source: "/etc/passwd"} }, "document: needs a content"},
		"no name":              {func(e *providers.Envelope) { e.Documents[0].Name = "a/.." }, "document: needs a file name"},
		"expires":              {func(e *providers.Envelope) { e.Expires.Date = "tomorrow" }, "expires: must be a date"},
		"expired":              {func(e *providers.Envelope) { e.Expires.Date = "2026-11-19" }, "expires: 2026-11-19 is in the past"},
		"far":                  {func(e *providers.Envelope) { e.Expires.Date = "2099-01-01" }, "expires: 2099-01-01 is more than 3650 days"},
		"days":                 {func(e *providers.Envelope) { e.Expires.Days = -1 }, "expires: must be 1d to 3650d"},
		"date and days":        {func(e *providers.Envelope) { e.Expires = providers.Expiry{Date: "2030-01-01", Days: 1} }, "expires: must be a date or a number of days"},
		"nobody":               {func(e *providers.Envelope) { e.Signers = nil }, "signer1.name: at least one signer"},
		"a crowd":              {func(e *providers.Envelope) { e.Signers = make([]providers.Signer, 101) }, "signer1.name: at most 100"},
		"no name of a signer":  {signer(func(s *providers.Signer) { s.Name = "\t" }), "signer1.name: is required"},
		"name, two lines":      {signer(func(s *providers.Signer) { s.Name = "Ana\nProva" }), "signer1.name: holds a line break"},
		"no address":           {signer(func(s *providers.Signer) { s.Email, s.Phone = "", "" }), "signer1.email: an e-mail address or a phone"},
		"email, name":          {email("Ana <ana@example.com>"), "signer1.email: is not"},
		"email, brackets":      {email("<ana@example.com>"), "signer1.email: is not"},
		"email, comment":       {email("ana@example.com (x)"), "signer1.email: is not"},
		"email, quotes":        {email(`"ana b"@example.com`), "signer1.email: is not"},
		"email, two":           {email("ana@example.com, b@example.com"), "signer1.email: holds more than one @"},
		"email, no dot":        {email("ana@localhost"), "signer1.email: is not"},
		"email, literal":       {email("ana@[127.0.0.1]"), "signer1.email: is not"},
		"email, number":        {email("ana@127.0.0.1"), "signer1.email: is not"},
		"email, dots":          {email("ana..b@example.com"), "signer1.email: has two dots in a row"},
		"email, underscore":    {email("ana@exa_mple.com"), "signer1.email: is not"},
		"email, accent":        {email("aná@example.com"), "signer1.email: is not"},
		"email, line break":    {email("ana@example.com\r\nBcc: b@example.com"), "signer1.email: holds more than one @"},
		"phone, short":         {phone("1234"), "signer1.phone: has 4 digits"},
		"phone, letters":       {phone("0800 FLOWERS"), "signer1.phone: is not a phone"},
		"phone, spreadsheet":   {phone("5,51191E+12"), "signer1.phone: is a number in scientific notation"},
		"phone, no such area":  {phone("(20) 91234-5678"), "signer1.phone: does not begin with a Brazilian area code"},
		"cpf":                  {signer(func(s *providers.Signer) { s.Document = "529.982.247-24" }), "signer1.document: is not a CPF"},
		"cpf, no zero":         {signer(func(s *providers.Signer) { s.Document = "1234567890" }), "signer1.document: is not a CPF or CNPJ: has 10 digits"},
		"birthdate":            {signer(func(s *providers.Signer) { s.Birthdate = "30/02/1980" }), "signer1.birthdate: must be a date"},
		"not born":             {signer(func(s *providers.Signer) { s.Birthdate = "2026-11-21" }), "signer1.birthdate: is in the future"},
		"old":                  {signer(func(s *providers.Signer) { s.Birthdate = "1899-12-31" }), "signer1.birthdate: is before 1900"},
		"order":                {signer(func(s *providers.Signer) { s.Order = -1 }), "signer1.order: must be"},
		"channel":              {signer(func(s *providers.Signer) { s.Channel = "fax" }), "signer1.channel: must be one of email, sms, whatsapp"},
		"channel, no phone":    {signer(func(s *providers.Signer) { s.Channel, s.Phone = "sms", "" }), "signer1.channel: sms needs the signer's phone"},
		"auth, no email":       {signer(func(s *providers.Signer) { s.Auth, s.Email = "email", "" }), "signer1.auth: email needs"},
		"type":                 {signer(func(s *providers.Signer) { s.Type = "notary" }), "signer1.type: must be one of electronic"},
		"stamp, page":          {stamp(providers.Stamp{Width: 1, Height: 1}), "signer1.stamp: the page must be"},
		"stamp, size":          {stamp(providers.Stamp{Page: 1, Width: 1}), "signer1.stamp: width and height"},
		"stamp, outside":       {stamp(providers.Stamp{Page: 1, X: -1, Width: 1, Height: 1}), "signer1.stamp: positions and sizes"},
		"stamp, not a number":  {stamp(providers.Stamp{Page: 1, Y: math.NaN(), Width: 1, Height: 1}), "signer1.stamp: positions and sizes"},
		"stamp, endless":       {stamp(providers.Stamp{Page: 1, Width: math.Inf(1), Height: 1}), "signer1.stamp: positions and sizes"},
		"id_type":              {signer(func(s *providers.Signer) { s.IDType, s.IDFront = "passport", image }), "signer1.id_type: must be one of cnh, rg"},
		"id_type, no image":    {signer(func(s *providers.Signer) { s.IDType = "rg" }), "signer1.id_type: needs the images"},
		"image, no id_type":    {signer(func(s *providers.Signer) { s.IDBack = image }), "signer1.id_type: is required"},
		"image, no content":    {signer(func(s *providers.Signer) { s.IDType, s.IDFront = "rg", &providers.Document{Name: "a.jpg"} }), "signer1.id_front: needs a content"},
		"field, no template":   {func(e *providers.Envelope) { e.Fields, e.Documents = map[string]string{"rent": "1"}, nil }, "document: is required unless there is a template"},
		"meta, name":           {func(e *providers.Envelope) { e.Meta = map[string]string{" a": "1"} }, "meta.NAME: a name must have"},
		"meta, value":          {func(e *providers.Envelope) { e.Meta = map[string]string{"a": strings.Repeat("x", 5001)} }, "meta.a: has 5001 characters"},
		"option":               {func(e *providers.Envelope) { e.Options = map[string]map[string]string{"sdoc": {"a-b": "1"}} }, "sdoc.NAME: an option's name"},
		"option of a stranger": {func(e *providers.Envelope) { e.Options = map[string]map[string]string{"docusign": {"a": "1"}} }, "provider: options are given for an unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			e := valid()
			if problems := normalizeOn(t, &e); len(problems) > 0 {
				t.Fatal(problems)
			}
			e = valid()
			c.change(&e)
			problems := normalizeOn(t, &e)
			if len(problems) != 1 || !strings.HasPrefix(problems.Error(), c.want) {
				t.Errorf("%v\nwant %s", problems, c.want)
			}
		})
	}
}
