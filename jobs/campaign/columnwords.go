package campaign

import "github.com/chancela/chancela/providers/lang"

// wordsOf says for people what a column holds. Names that others gave are quoted: those of the
// fields of documents, of providers' options, and of people's own data.
func wordsOf(name string) lang.Text {
	col, ok := parseColumn(name)
	switch {
	case !ok:
		return lang.Plain(name)
	case col.signer > 0:
		return signerWords(col.key, col.signer)
	case col.group == "meta":
		return lang.Of("kept as your own data")
	case col.group == "field":
		return lang.Of("the field %q of the document", col.key)
	case col.group != "":
		return lang.Of("the option %s of %s", col.key, col.group)
	}
	switch col.key {
	case "id":
		return lang.Of("the id")
	case "provider":
		return lang.Of("the provider")
	case "subject":
		return lang.Of("the subject")
	case "message":
		return lang.Of("the message to the signers")
	case "document":
		return lang.Of("the document's file")
	case "template":
		return lang.Of("the provider's template")
	case "expires":
		return lang.Of("the last day to sign")
	}
	return lang.Plain(name)
}

func signerWords(part string, n int) lang.Text {
	switch part {
	case "name":
		return lang.Of("signer %d's name", n)
	case "email":
		return lang.Of("signer %d's e-mail", n)
	case "phone":
		return lang.Of("signer %d's phone", n)
	case "document":
		return lang.Of("signer %d's CPF or CNPJ", n)
	case "birthdate":
		return lang.Of("signer %d's date of birth", n)
	case "order":
		return lang.Of("signer %d's place in the order", n)
	case "role":
		return lang.Of("signer %d's role", n)
	case "channel":
		return lang.Of("how signer %d is invited", n)
	case "auth":
		return lang.Of("how signer %d proves who signs", n)
	case "type":
		return lang.Of("signer %d's kind of signature", n)
	case "stamp":
		return lang.Of("the place of signer %d's signature", n)
	case "id_front":
		return lang.Of("the front of signer %d's identity paper", n)
	case "id_back":
		return lang.Of("the back of signer %d's identity paper", n)
	case "id_type":
		return lang.Of("the kind of signer %d's identity paper", n)
	case "company":
		return lang.Of("signer %d's company", n)
	case "company_document":
		return lang.Of("the CNPJ of signer %d's company", n)
	case "date":
		return lang.Of("a date that signer %d fills in", n)
	case "text":
		return lang.Of("a text that signer %d fills in", n)
	case "checkbox":
		return lang.Of("a box that signer %d ticks", n)
	}
	return lang.Plain(part)
}
