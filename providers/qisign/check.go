package qisign

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

const (
	// maxFile is 10 MB, of a document and of an image (reference §A4). Whether that means
	// the file or its base64 is not said: the file is meant here, in the smaller of the
	// two megabytes (our choice).
	maxFile = 10_000_000

	typePDF  = "application/pdf"
	typeJPEG = "image/jpeg"
)

// methods are the ways to a signer, for the documents and for the token.
var methods = []string{providers.ChannelEmail, providers.ChannelSMS, providers.ChannelWhatsApp}

// Check refuses what QI Sign would refuse (reference §A4), and what it has no place for
// and cannot be left out: template fields.
func (p *Provider) Check(e providers.Envelope) error {
	var problems providers.Problems
	if strings.TrimSpace(e.Subject) == "" {
		problems.Add("subject", "must not be empty")
	}
	if e.Template != "" {
		problems.Add("template", "QI Sign has no templates; give documents")
	}
	if len(e.Documents) == 0 {
		problems.Add("document", "give at least one PDF document")
	}
	for _, d := range e.Documents {
		checkFile("document", d, typePDF, "PDF", &problems)
	}
	if len(e.Signers) == 0 {
		problems.Add("signer1.name", "give at least one signer")
	}
	for i, s := range e.Signers {
		checkSigner(fmt.Sprintf("signer%d.", i+1), s, &problems)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		problems.Add("field."+name, "QI Sign has no template fields; leave it out")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Options[Name])) {
		problems.Add(Name+"."+name, "unknown option; qisign has none")
	}
	return problems.Err()
}

func checkFile(column string, d providers.Document, mime, words string, problems *providers.Problems) {
	if d.Size > maxFile {
		problems.Add(column, "%s has %d bytes; QI Sign takes at most 10 MB (%d bytes) per file", d.Name, d.Size, maxFile)
	}
	if d.Type != "" && d.Type != mime {
		problems.Add(column, "%s is %s; QI Sign takes %s only", d.Name, d.Type, words)
	}
}

func checkSigner(column string, s providers.Signer, problems *providers.Problems) {
	if strings.TrimSpace(s.Name) == "" {
		problems.Add(column+"name", "must not be empty")
	}
	if s.IsCompany() {
		problems.Add(column+"document", "is a CNPJ; QI Sign's signers are people with a CPF")
	} else if !providers.ValidTaxID(s.Document) {
		problems.Add(column+"document", "must be the signer's CPF: QI Sign asks for it before signing")
	}
	if _, err := time.Parse(time.DateOnly, s.Birthdate); err != nil {
		problems.Add(column+"birthdate", "must be a date such as 1992-09-15: QI Sign asks for it")
	}
	if s.Email == "" && s.Phone == "" {
		problems.Add(column+"email", "give an e-mail or a phone")
	}
	if _, err := splitPhone(s.Phone); err != nil {
		problems.Add(column+"phone", "%v", err)
	}
	checkMethod(column+"channel", s.Channel, s, problems)
	checkMethod(column+"auth", s.Auth, s, problems)
	if s.Type != "" && s.Type != providers.TypeElectronic {
		problems.Add(column+"type", "is %s; QI Sign has electronic signatures only", s.Type)
	}
	checkImages(column, s, problems)
}

// checkMethod wants the address that the method goes to.
func checkMethod(column, method string, s providers.Signer, problems *providers.Problems) {
	switch method {
	case "":
	case providers.ChannelEmail:
		if s.Email == "" {
			problems.Add(column, "is email, but the signer has no e-mail")
		}
	case providers.ChannelSMS, providers.ChannelWhatsApp:
		if s.Phone == "" {
			problems.Add(column, "is %s, but the signer has no phone", method)
		}
	default:
		problems.Add(column, "is %s; QI Sign knows %s", method, strings.Join(methods, ", "))
	}
}

func checkImages(column string, s providers.Signer, problems *providers.Problems) {
	if s.IDFront != nil {
		checkFile(column+"id_front", *s.IDFront, typeJPEG, "JPEG", problems)
	}
	if s.IDBack != nil {
		checkFile(column+"id_back", *s.IDBack, typeJPEG, "JPEG", problems)
	}
	switch strings.ToLower(s.IDType) {
	case "cnh", "rg":
	case "":
		if s.IDFront != nil || s.IDBack != nil {
			problems.Add(column+"id_type", "say cnh or rg: what the images show")
		}
	default:
		problems.Add(column+"id_type", "is %s; QI Sign knows cnh and rg", s.IDType)
	}
}
