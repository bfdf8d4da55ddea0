package catalisa

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// TestTomorrowIsTheSenders judges at ten in the evening in São Paulo, when tomorrow's day has
// begun by UTC.
func TestTomorrowIsTheSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins on 1 January 2000, midnight by UTC
		time.Sleep(25 * time.Hour)
		p, err := New(rest.Settings{Zone: time.FixedZone("-03", -3*60*60)})
		if err != nil {
			t.Fatal(err)
		}
		env := lease()
		for day, fine := range map[string]bool{"2000-01-01": false, "2000-01-02": true} {
			env.Expires = providers.Expiry{Date: day}
			if err := p.Check(env); (err == nil) != fine {
				t.Errorf("%s: %v", day, err)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	p, err := New(rest.Settings{Own: map[string]providers.Secret{setFilesURL: "https://file-storage.stg.catalisa.app"}})
	if err != nil {
		t.Fatal(err)
	}
	in := func(days int) providers.Expiry {
		return providers.Expiry{Date: time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly)}
	}
	template := func(e *providers.Envelope) {
		e.Documents, e.Template = nil, "tpl_1"
		e.Signers[0].Stamp = nil
	}
	for name, tt := range map[string]struct {
		change func(*providers.Envelope)
		field  string // of the one problem; empty: none
	}{
		"as it is":          {func(*providers.Envelope) {}, ""},
		"not staged":        {func(e *providers.Envelope) { e.Documents[0].Size, e.Documents[0].Type = 0, "" }, ""},
		"title of 255":      {func(e *providers.Envelope) { e.Subject = strings.Repeat("ç", 255) }, ""},
		"title of 256":      {func(e *providers.Envelope) { e.Subject = strings.Repeat("ç", 256) }, "subject"},
		"no title":          {func(e *providers.Envelope) { e.Subject = "" }, "subject"},
		"message of 2000":   {func(e *providers.Envelope) { e.Message = strings.Repeat("ç", 2000) }, ""},
		"message of 2001":   {func(e *providers.Envelope) { e.Message = strings.Repeat("ç", 2001) }, "message"},
		"1 day":             {func(e *providers.Envelope) { e.Expires.Days = 1 }, ""},
		"365 days":          {func(e *providers.Envelope) { e.Expires.Days = 365 }, ""},
		"366 days":          {func(e *providers.Envelope) { e.Expires.Days = 366 }, "expires"},
		"until tomorrow":    {func(e *providers.Envelope) { e.Expires = in(1) }, ""},
		"until today":       {func(e *providers.Envelope) { e.Expires = in(0) }, "expires"},
		"in two years":      {func(e *providers.Envelope) { e.Expires = in(730) }, "expires"},
		"two documents":     {func(e *providers.Envelope) { e.Documents = append(e.Documents, e.Documents[0]) }, "document"},
		"no document":       {func(e *providers.Envelope) { e.Documents = nil }, "document"},
		"docx":              {func(e *providers.Envelope) { e.Documents[0].Type = "application/msword" }, "document"},
		"odd name":          {func(e *providers.Envelope) { e.Documents[0].Name, e.Documents[0].Type = "a.txt", "" }, "document"},
		"template":          {template, ""},
		"template and file": {func(e *providers.Envelope) { e.Template, e.Signers[0].Stamp = "t", nil }, "document"},
		"template, stamp":   {func(e *providers.Envelope) { e.Documents, e.Template = nil, "t" }, "signer1.stamp"},
		"template's fields": {func(e *providers.Envelope) { template(e); e.Fields = map[string]string{"a": "b"} }, ""},
		"fields alone":      {func(e *providers.Envelope) { e.Fields = map[string]string{"a": "b"} }, "field.a"},
		"nobody":            {func(e *providers.Envelope) { e.Signers = nil }, "signer1.name"},
		"no name":           {func(e *providers.Envelope) { e.Signers[1].Name = "" }, "signer2.name"},
		"long name":         {func(e *providers.Envelope) { e.Signers[1].Name = strings.Repeat("x", 256) }, "signer2.name"},
		"no e-mail":         {func(e *providers.Envelope) { e.Signers[1].Email = "" }, "signer2.email"},
		"odd e-mail":        {func(e *providers.Envelope) { e.Signers[1].Email = "Caio <caio@example.test>" }, "signer2.email"},
		"long e-mail":       {func(e *providers.Envelope) { e.Signers[1].Email = strings.Repeat("x", 250) + "@e.test" }, "signer2.email"},
		"sms":               {func(e *providers.Envelope) { e.Signers[0].Channel = "sms" }, "signer1.channel"},
		"digital":           {func(e *providers.Envelope) { e.Signers[0].Type = "digital" }, "signer1.type"},
		"electronic":        {func(e *providers.Envelope) { e.Signers[0].Type = "electronic" }, ""},
		"auth":              {func(e *providers.Envelope) { e.Signers[0].Auth = "sms" }, "signer1.auth"},
		"id image":          {func(e *providers.Envelope) { e.Signers[0].IDBack = &providers.Document{} }, "signer1.id_front"},
		"stamp on page 0":   {func(e *providers.Envelope) { e.Signers[0].Stamp.Page = 0 }, "signer1.stamp"},
		"unused columns": {func(e *providers.Envelope) {
			e.Signers[0].Phone, e.Signers[0].Document = "+5511900000000", "52998224725"
		}, ""},
		"same person":    {func(e *providers.Envelope) { e.Signers[1] = e.Signers[0] }, "signer2.email"},
		"odd config":     {func(e *providers.Envelope) { e.Options[Name]["config_id"] = "main" }, "catalisa.config_id"},
		"odd storage":    {func(e *providers.Envelope) { e.Options[Name]["storage"] = "yes" }, "catalisa.storage"},
		"unknown option": {func(e *providers.Envelope) { e.Options[Name]["config"] = "x" }, "catalisa.config"},
	} {
		t.Run(name, func(t *testing.T) {
			env := lease()
			tt.change(&env)
			err := p.Check(env)
			if tt.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			problems, ok := errors.AsType[providers.Problems](err)
			if !ok || len(problems) != 1 || problems[0].Field != tt.field {
				t.Errorf("got %v, want one about %s", err, tt.field)
			}
		})
	}
}

func TestStorageBySize(t *testing.T) {
	with, _ := New(rest.Settings{Own: map[string]providers.Secret{setFilesURL: "https://file-storage.stg.catalisa.app"}})
	without, _ := New(rest.Settings{})
	for _, tt := range []struct {
		p      *Provider
		size   int64
		option string
		want   bool
	}{
		{with, inlineMost, "", false}, {with, inlineMost + 1, "", true}, {with, 1, "true", true},
		{with, inlineMost + 1, "false", false}, {without, inlineMost + 1, "", false},
	} {
		env := lease()
		env.Documents[0].Size = tt.size
		env.Options[Name]["storage"] = tt.option
		if got := tt.p.stored(env); got != tt.want {
			t.Errorf("%d bytes, option %q: %v", tt.size, tt.option, got)
		}
	}
	env := lease()
	env.Options[Name]["storage"] = "true"
	if err := without.Check(env); err == nil {
		t.Error("File Storage without an address was accepted")
	}
}

func TestBusinessID(t *testing.T) {
	short := providers.Key{Campaign: strings.Repeat("c", 50), ID: strings.Repeat("i", 49)}
	long := providers.Key{Campaign: strings.Repeat("c", 50), ID: strings.Repeat("i", 50)}
	if got := businessID(short); got != short.String() {
		t.Errorf("100 characters became %q", got)
	}
	got := businessID(long)
	if len(got) > maxBusinessID || got != businessID(long) || got == businessID(providers.Key{Campaign: long.Campaign, ID: long.ID + "i"}) {
		t.Errorf("101 characters became %q", got)
	}
}
