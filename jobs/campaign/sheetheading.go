package campaign

import (
	"fmt"

	"github.com/chancela/chancela/providers/lang"
)

// sheetWords are the headings of a [Template] in Portuguese: words that [heading] takes.
var sheetWords = map[string]string{
	"id": "Código", "provider": "Provedor", "subject": "Assunto", "message": "Mensagem", "document": "Arquivo", "template": "Modelo do provedor", "expires": "Prazo",
	"s.name": "Nome", "s.email": "E-mail", "s.phone": "Celular", "s.document": "CPF/CNPJ", "s.birthdate": "Data de nascimento", "s.order": "Ordem de assinatura", "s.role": "Papel",
	"s.channel": "Canal do convite", "s.auth": "Prova de quem assina", "s.type": "Tipo de assinatura", "s.stamp": "Lugar da assinatura",
	"s.id_front": "Frente do documento de identidade", "s.id_back": "Verso do documento de identidade", "s.id_type": "Tipo do documento de identidade",
	"s.company": "Empresa", "s.company_document": "CNPJ da empresa", "s.date": "Data a preencher", "s.text": "Texto a preencher", "s.checkbox": "Caixa a marcar",
}

// HeadingOf is the heading of a column in a sheet to begin with: "E-mail do signatário 2". It is the
// column's own name in English, and where there is no word for it.
func HeadingOf(name string, in lang.Language) string {
	col, ok := parseColumn(name)
	if in != lang.Portuguese || !ok || col.group != "" {
		return name
	}
	if col.signer == 0 {
		if word, ok := sheetWords[col.key]; ok {
			return word
		}
		return name
	}
	word, ok := sheetWords["s."+col.key]
	if !ok {
		return name
	}
	return fmt.Sprintf("%s do signatário %d", word, col.signer)
}
