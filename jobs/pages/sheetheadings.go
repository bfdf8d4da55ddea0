package pages

import "strings"

// sheetWords are the Portuguese headings of the empty sheet: words that the intake knows.
var sheetWords = map[string]string{
	"id": "Código", "provider": "Provedor", "subject": "Assunto", "message": "Mensagem", "document": "Arquivo", "expires": "Prazo",
	"signer.name": "Nome", "signer.email": "E-mail", "signer.document": "CPF/CNPJ", "signer.phone": "Celular", "signer.role": "Papel",
}

// sheetHeading is the heading of a column for a person: "E-mail do signatário 2".
func sheetHeading(column string) string {
	m := signerColumn.FindStringSubmatch(column)
	if m == nil {
		return sheetWords[column]
	}
	return strings.Join([]string{sheetWords["signer."+m[2]], "do signatário", m[1]}, " ")
}
