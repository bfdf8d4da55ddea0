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

// heading is a column's heading in the empty sheet of the language.
func (w *words) heading(column string) string {
	if w.tag == "en" {
		return column
	}
	return sheetHeading(column)
}

// headingMeans says what such a heading means; empty where it says it itself.
func (w *words) headingMeans(column string) string {
	if w.tag != "en" || w.said(column) == column {
		return ""
	}
	return w.said(column)
}

// sampleColumns are those of the row that is shown as an example.
var sampleColumns = []string{"id", "provider", "subject", "document", "signer1.name", "signer1.email", "signer1.document"}

func sampleRow() []string { return sampleColumns }
