package certyneo

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
)

// maxDocument is 50 MB (reference §3). Whether that is 50,000,000 bytes or 50 MiB is
// not said: the smaller is safe.
const maxDocument = 50_000_000

// typeByEnding are the types that Certyneo takes (reference §3).
var typeByEnding = map[string]string{
	".pdf":  "application/pdf",
	".png":  "image/png",
	".jpg":  "image/jpeg",
	".jpeg": "image/jpeg",
	".gif":  "image/gif",
	".doc":  "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".odt":  "application/vnd.oasis.opendocument.text",
}

var documentTypes = slices.Compact(slices.Sorted(maps.Values(typeByEnding)))

// e164 is the form of phones (reference §4).
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Roles of recipients (reference §4).
const (
	roleSigner     = "SIGNER"
	roleViewer     = "VIEWER"
	roleCarbonCopy = "CARBON_COPY"
	roleApprover   = "APPROVER"
)

// typeRoles are the roles behind chancela's signature types. Certyneo has no
// certificates: a digital signature is its signature at the envelope's level.
var typeRoles = map[string]string{
	"":                       roleSigner,
	providers.TypeElectronic: roleSigner,
	providers.TypeDigital:    roleSigner,
	providers.TypeApprover:   roleApprover,
	providers.TypeViewer:     roleViewer,
}

// role is the signer's role: what the role column says, else what the type means.
func role(s providers.Signer) string {
	switch r := strings.ToUpper(s.Role); r {
	case roleSigner, roleViewer, roleCarbonCopy, roleApprover:
		return r
	}
	return typeRoles[s.Type] // another word is a role in the contract, of which Certyneo knows nothing
}

// Check refuses what Certyneo would refuse (reference §3, §4, §6, §11) and what it has
// no place for.
func (p *Provider) Check(e providers.Envelope) error {
	var problems providers.Problems
	if strings.TrimSpace(e.Subject) == "" {
		problems.Add("subject", "must not be empty")
	}
	o := readOptions(e, &problems)
	checkDocuments(e, o, &problems)
	checkSigners(e, o, &problems)
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		problems.Add("field."+name, "Certyneo's API fills no template fields; leave it out")
	}
	return problems.Err()
}

func checkDocuments(e providers.Envelope, o options, problems *providers.Problems) {
	switch {
	case e.Template == "" && len(e.Documents) == 0:
		problems.Add("document", "give at least one document, or a template")
	case e.Template != "" && len(e.Documents) > 0:
		problems.Add("template", "Certyneo takes documents or a template, not both")
	case e.Template != "" && o.anchor != "":
		problems.Add(Name+".anchor", "a template brings its own signature fields; leave the anchor out")
	}
	for _, d := range e.Documents {
		if d.Size > maxDocument {
			problems.Add("document", "%s has %d bytes; Certyneo takes at most 50 MB (%d bytes) per document", d.Name, d.Size, maxDocument)
		}
		if d.Type != "" && !slices.Contains(documentTypes, documentType(d)) {
			problems.Add("document", "%s is %s; Certyneo takes PDF, PNG, JPEG, GIF, DOC, DOCX and ODT", d.Name, d.Type)
		}
	}
}

func checkSigners(e providers.Envelope, o options, problems *providers.Problems) {
	seen := make(map[string]int)
	acting := false
	for i, s := range e.Signers {
		column := fmt.Sprintf("signer%d.", i+1)
		checkSigner(column, s, e.Template != "", problems)
		if email := strings.ToLower(s.Email); email != "" {
			if first, ok := seen[email]; ok {
				problems.Add(column+"email", "is signer%d's too; Certyneo tells the recipients of an envelope apart by their e-mail", first)
			} else {
				seen[email] = i + 1
			}
		}
		r := role(s)
		acting = acting || r != roleViewer && r != roleCarbonCopy
		if o.smsOTP && r == roleSigner {
			if !e164.MatchString(s.Phone) {
				problems.Add(column+"phone", "must be a number such as +33612345678: it is needed for the SMS code (level ADVANCED, sms_otp or auth sms)")
			}
			if s.Auth == providers.ChannelEmail {
				problems.Add(column+"auth", "Certyneo asks all signers of an envelope for an SMS code or none")
			}
		}
	}
	if !acting {
		problems.Add("signer1.role", "at least one signer or approver is needed")
	}
}

func checkSigner(column string, s providers.Signer, template bool, problems *providers.Problems) {
	if s.Email == "" {
		problems.Add(column+"email", "must not be empty: Certyneo invites by e-mail")
	}
	if s.Channel != "" && s.Channel != providers.ChannelEmail {
		problems.Add(column+"channel", "is %s; Certyneo invites by email", s.Channel)
	}
	switch s.Auth {
	case "", providers.ChannelEmail, providers.ChannelSMS:
	default:
		problems.Add(column+"auth", "is %s; Certyneo knows email and sms", s.Auth)
	}
	byType, ok := typeRoles[s.Type]
	if !ok {
		problems.Add(column+"type", "is %s; Certyneo knows electronic, digital, approver and viewer", s.Type)
	}
	if r := role(s); s.Type != "" && ok && r != byType {
		problems.Add(column+"role", "is %s, but the type is %s; give one of the two", s.Role, s.Type)
	}
	if st := s.Stamp; st != nil {
		switch {
		case template:
			problems.Add(column+"stamp", "a template brings its own signature fields; leave the stamp out")
		case role(s) != roleSigner:
			problems.Add(column+"stamp", "only signers have a signature to place")
		case st.Page < 1 || st.X < 0 || st.Y < 0 || st.Width <= 0 || st.Height <= 0:
			problems.Add(column+"stamp", "needs a page from 1, x and y from 0, and a width and height above 0")
		}
	}
	if s.IDFront != nil || s.IDBack != nil {
		problems.Add(column+"id_front", "Certyneo takes no identity images; leave id_front and id_back out")
	}
}
