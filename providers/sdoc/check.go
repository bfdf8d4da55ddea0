package sdoc

import (
	"cmp"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Check refuses what sDoc would refuse or silently leave out.
func (p *Provider) Check(e providers.Envelope) error {
	problems := p.Info().Check(e)
	if strings.TrimSpace(e.Subject) != "" {
		length(&problems, "subject", lang.Of("a title"), e.Subject, 5, 200)
	}
	if e.Message != "" {
		length(&problems, "message", lang.Of("a description"), e.Message, 5, 400)
	}
	checkDocuments(e, &problems)
	if e.Option(optFolder) != "" && e.Option(optOrganization) == "" {
		problems.Add(Name+"."+optFolder, "a folder needs its account in sdoc.organization")
	}
	checkSigners(e, &problems)
	if p.webhook == nil && p.noCallback {
		problems.Add("provider", "sdoc refuses every envelope of this account, as chancela doctor has seen: it has no address for callbacks; set CHANCELA_SDOC_WEBHOOK_URL, or one in the portal and run chancela doctor sdoc --draft again")
	}
	if callback, err := p.callback(e.Key()); err != nil {
		problems.Add("id", "%v", err)
	} else if n := utf8.RuneCountInString(callback); callback != "" && (n < minCallback || n > maxCallback) {
		problems.Add("id", "the callback address with campaign and id has %d characters; sdoc takes %d to %d: shorten the id, the campaign's name or CHANCELA_SDOC_WEBHOOK_URL", n, minCallback, maxCallback)
	}
	return problems.Err()
}

func length(problems *providers.Problems, field string, what lang.Text, s string, least, most int) {
	if n := utf8.RuneCountInString(s); n < least || n > most {
		problems.Add(field, "has %d characters; sdoc takes %v of %d to %d", n, what, least, most)
	}
}

func checkDocuments(e providers.Envelope, problems *providers.Problems) {
	for _, d := range e.Documents {
		if n := utf8.RuneCountInString(d.Name); n < 5 || n > 200 || path.Ext(d.Name) == "" || path.Ext(d.Name) == "." {
			problems.Add("document", "the file name %q must have an extension and 5 to 200 characters for sdoc", d.Name)
		}
		if n := utf8.RuneCountInString(d.Type); d.Type != "" && (n < 5 || n > 150) {
			problems.Add("document", "the type of %s has %d characters; sdoc takes 5 to 150", d.Name, n)
		}
	}
}

func checkSigners(e providers.Envelope, problems *providers.Problems) {
	if n := len(e.Signers); n > maxParticipants {
		problems.Add("signer51.name", "sdoc takes at most %d participants, got %d", maxParticipants, n)
	}
	acting := len(e.Signers) == 0
	for i, s := range e.Signers {
		field := fmt.Sprintf("signer%d", i+1)
		checkSigner(field, s, problems)
		for j, other := range e.Signers[:i] {
			if s.Document != "" && s.Document == other.Document && strings.EqualFold(s.Email, other.Email) {
				problems.Add(field+".document", "is the same person as signer%d, who would be invited twice", j+1)
			}
		}
		acting = acting || s.Type != providers.TypeViewer
	}
	if !acting {
		problems.Add("signer1.type", "sdoc never completes an envelope of viewers only; at least one must sign or approve")
	}
}

func checkSigner(field string, s providers.Signer, problems *providers.Problems) {
	if strings.TrimSpace(s.Name) != "" {
		length(problems, field+".name", lang.Of("a full name"), s.Name, 10, 250)
	}
	if s.Email != "" {
		length(problems, field+".email", lang.Of("an address"), s.Email, 1, 150)
	}
	if !providers.ValidTaxID(s.Document) {
		problems.Add(field+".document", "sdoc needs a CPF (11 digits) or CNPJ (14 characters)")
	}
	if signatureType(s) == typeElectronic && s.Stamp == nil {
		problems.Add(field+".stamp", "sdoc needs the place of an electronic signature: page,x,y,width,height")
	}
}

// signatureType is the number of a signer's type, 0 for one that sDoc has not. Where
// none is given, a stamp means electronic, and its absence digital: an electronic
// signature cannot do without one (our choice).
func signatureType(s providers.Signer) int {
	usual := providers.TypeDigital
	if s.Stamp != nil {
		usual = providers.TypeElectronic
	}
	return map[string]int{
		providers.TypeDigital:    typeDigital,
		providers.TypeElectronic: typeElectronic,
		providers.TypeApprover:   typeApprover,
		providers.TypeViewer:     typeViewer,
	}[cmp.Or(s.Type, usual)]
}
