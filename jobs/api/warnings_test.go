package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// codesOf are those of warnings, in their order.
func codesOf(warnings []Warning) (all []string) {
	for _, w := range warnings {
		all = append(all, w.Code)
	}
	return all
}

// What the commands say by the way of a file, the answer to the same file says.
func TestWarningsOfASheet(t *testing.T) {
	s := newStack(t, nil)
	sheet := "Id;Provedor;Assunto;Arquivo;Nome;E-mail;signer1.company;signer1.company_document\n" +
		"52998224725;certyneo;Lease;a.pdf;Ana Souza;ana@gmail.con;Acme;11222333000181\n" +
		"11144477735;certyneo;Lease;a.pdf;Bia Souza;bia@example.com;;\n"
	sheet = strings.Replace(sheet, "Nome;E-mail", "signer1.name;signer1.email", 1)
	form := []file{{"file", "june.csv", sheet}, {"d", "a.pdf", pdf("a")}, {"limit", "", "5/day"}, {"remind_after", "", "3d"}}
	var got CampaignAccepted
	s.postForm("/v1/campaigns", form...).want(t, http.StatusAccepted, &got)
	if want := []string{"doubtful_email", "left_out", "not_reminded", "personal_ids", "read"}; !slices.Equal(codesOf(got.Warnings), want) {
		t.Fatalf("%+v", got.Warnings)
	}
	if w := got.Warnings[0]; w.Line != 2 || w.Column != 44 || w.Cell != "F2" || w.ID != "52998224725" || w.Field != "signer1.email" || w.Message != "is probably misspelt: no domain ends in .con: is .com meant?" {
		t.Errorf("%+v", w)
	}
	if w := got.Warnings[1]; w.Envelopes != 1 || w.Field != "company" || w.Message != "certyneo has no place for company: left out in 1 envelope" {
		t.Errorf("%+v", w)
	}
	if w := got.Warnings[4]; !strings.HasPrefix(w.Message, `"Provedor" is the provider`) {
		t.Errorf("%+v", w)
	}
	form[2], form[0].name = file{"window", "", "always"}, "june.csv"
	s.postForm("/v1/campaigns", form...).want(t, http.StatusAccepted, &got)
	if w := got.Warnings[len(got.Warnings)-1]; w.Code != "hours_replaced" || !strings.HasPrefix(w.Message, `june had limit "5/day", which ends now`) {
		t.Errorf("%+v", got.Warnings)
	}
	form[0] = file{"file", "june (2).csv", sheet}
	s.postForm("/v1/campaigns", append(form, file{"campaign", "", "july"})...).want(t, http.StatusAccepted, &got)
	if w := got.Warnings[1]; w.Code != "elsewhere" || w.Envelopes != 2 || w.Message != "campaign june asks the same people to sign the same documents in 2 of these envelopes" {
		t.Errorf("%+v", got.Warnings)
	}
}

// Their number is bounded, and they name their places in a JSON body.
func TestWarningsOfJSON(t *testing.T) {
	s := newStack(t, nil)
	var all []any
	for i := range maxDoubts + 20 {
		e := envelopeJSON(fmt.Sprint(i), pdf("a"))
		e["signers"].([]any)[0].(map[string]any)["email"] = "ana@gmial.com"
		all = append(all, e)
	}
	var got CampaignAccepted
	s.postJSON("/v1/campaigns", map[string]any{"campaign": "june", "envelopes": all}).want(t, http.StatusAccepted, &got)
	if len(got.Warnings) != maxDoubts+2 {
		t.Fatalf("%v", codesOf(got.Warnings))
	}
	if w := got.Warnings[7]; w.Pointer != "#/envelopes/7/signers/0/email" || *w.Index != 7 || w.ID != "7" {
		t.Errorf("%+v", w)
	}
	if more, repeated := got.Warnings[maxDoubts], got.Warnings[maxDoubts+1]; more.Message != "and 20 more that are probably not meant" || repeated.Code != "repeated" || repeated.Envelopes != maxDoubts+19 {
		t.Errorf("%+v %+v", more, repeated)
	}
	var one struct{ Warnings []Warning }
	e := all[0].(map[string]any)
	s.postJSON("/v1/campaigns/one/envelopes", e).want(t, http.StatusAccepted, &one)
	if !slices.Equal(codesOf(one.Warnings), []string{"doubtful_email", "elsewhere"}) || one.Warnings[0].Pointer != "#/signers/0/email" {
		t.Errorf("%+v", one.Warnings)
	}
	s.postJSON("/v1/campaigns/one/envelopes", envelopeJSON("x", pdf("x"))).want(t, http.StatusAccepted, &one)
	if one.Warnings == nil || len(one.Warnings) != 0 {
		t.Errorf("%+v", one.Warnings)
	}
}
