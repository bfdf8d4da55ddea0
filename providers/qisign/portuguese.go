package qisign

import (
	"github.com/chancela/chancela/providers/lang"
)

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"is %s; qisign knows cnh and rg":                              "é %s; qisign conhece cnh e rg",
	"is a CNPJ; qisign's signers are people with a CPF":           "é um CNPJ; os signatários da qisign são pessoas com CPF",
	"must be a date such as 1992-09-15: qisign asks for it":       "deve ser uma data como 15/09/1992: qisign a exige",
	"must be the signer's CPF: qisign asks for it before signing": "deve ser o CPF do signatário: qisign o pede antes da assinatura",
	"say cnh or rg: what the images show":                         "escreva cnh ou rg: o que as imagens mostram",
}
