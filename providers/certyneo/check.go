package certyneo

import (
	"fmt"
	"regexp"
	"slices"
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
	checkOrder(e, &problems)
	return problems.Err()
}

// checkOrder asks for a word of the user's where signers are to sign one after the other: that
// envelopes may be sequential is documented, a way to say so is not (reference §4, §15).
func checkOrder(e providers.Envelope, problems *providers.Problems) {
	if !e.HasColumn("order") || e.Option(optSigningOrder) != "" {
		return
	}
	for i, s := range e.Signers {
		if s.Order != e.Signers[0].Order {
			problems.Add(fmt.Sprintf("signer%d.order", i+1), "Certyneo documents no way to ask for an order; leave it out, or give certyneo.signing_order=array: the signers then stand in the request in that order, and whether Certyneo keeps to it is to be tried on your account")
			return
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
	for name, places := range s.Places() {
		switch {
		case len(places) == 0:
		case template:
			problems.Add(column+name, "a template brings its own fields; leave it out")
		case role(s) != roleSigner:
			problems.Add(column+name, "only signers fill something in")
		case slices.ContainsFunc(places, func(p providers.Place) bool { return p.Required || p.Label != "" }):
			problems.Add(column+name, "Certyneo's fields have neither required nor a label; give page,x,y,width,height alone")
		}
	}
}
