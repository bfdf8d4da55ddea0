package certyneo

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/chancela/chancela/providers"
)

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
	problems := p.Info().Check(e)
	o := readOptions(e, &problems)
	if e.Template != "" && o.anchor != "" {
		problems.Add(Name+".anchor", "a template brings its own signature fields; leave the anchor out")
	}
	checkSigners(e, o, &problems)
	return problems.Err()
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
			if !e164.MatchString(s.Phone) && (s.Phone != "" || s.Auth != providers.ChannelSMS) {
				problems.Add(column+"phone", "must be a number such as +33612345678: it is needed for the SMS code (level ADVANCED, sms_otp or auth sms)")
			}
			if s.Auth == providers.ChannelEmail {
				problems.Add(column+"auth", "Certyneo asks all signers of an envelope for an SMS code or none")
			}
		}
	}
	if !acting && len(e.Signers) > 0 {
		problems.Add("signer1.role", "at least one signer or approver is needed")
	}
}

func checkSigner(column string, s providers.Signer, template bool, problems *providers.Problems) {
	byType, ok := typeRoles[s.Type]
	if r := role(s); s.Type != "" && ok && r != byType {
		problems.Add(column+"role", "is %s, but the type is %s; give one of the two", s.Role, s.Type)
	}
	switch {
	case s.Stamp == nil:
	case template:
		problems.Add(column+"stamp", "a template brings its own signature fields; leave the stamp out")
	case role(s) != roleSigner:
		problems.Add(column+"stamp", "only signers have a signature to place")
	}
}
