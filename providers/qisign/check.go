package qisign

import (
	"fmt"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
)

// Check refuses what QI Sign would refuse (reference §A4), and what it has no place for
// and cannot be left out: template fields.
func (p *Provider) Check(e providers.Envelope) error {
	problems := p.Info().Check(e)
	for i, s := range e.Signers {
		column := fmt.Sprintf("signer%d.", i+1)
		checkSigner(column, s, &problems)
		for j, other := range e.Signers[:i] {
			if s.Document != "" && s.Document == other.Document && strings.EqualFold(s.Email, other.Email) && s.Phone == other.Phone {
				problems.Add(column+"document", "is the same person as signer%d, who would be invited twice", j+1)
			}
		}
	}
	return problems.Err()
}

func checkSigner(column string, s providers.Signer, problems *providers.Problems) {
	if s.IsCompany() {
		problems.Add(column+"document", "is a CNPJ; qisign's signers are people with a CPF")
	} else if !providers.ValidTaxID(s.Document) {
		problems.Add(column+"document", "must be the signer's CPF: qisign asks for it before signing")
	}
	if _, err := time.Parse(time.DateOnly, s.Birthdate); err != nil {
		problems.Add(column+"birthdate", "must be a date such as 1992-09-15: qisign asks for it")
	}
	if _, err := splitPhone(s.Phone); err != nil {
		problems.Add(column+"phone", "%v", err)
	}
	switch strings.ToLower(s.IDType) {
	case "cnh", "rg":
	case "":
		if s.IDFront != nil || s.IDBack != nil {
			problems.Add(column+"id_type", "say cnh or rg: what the images show")
		}
	default:
		problems.Add(column+"id_type", "is %s; qisign knows cnh and rg", s.IDType)
	}
}
