package catalisa

import (
	"github.com/chancela/chancela/providers/lang"
)

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"catalisa needs a valid e-mail address":                      "catalisa precisa de um e-mail válido",
	"catalisa's templates place the signatures; leave it empty":  "os modelos da catalisa definem o lugar das assinaturas; deixe vazio",
	"has %d characters; catalisa takes at most %d":               "tem %d caracteres; catalisa aceita no máximo %d",
	"is %d days away; catalisa takes 1 to %d":                    "está a %d dias de hoje; catalisa aceita de 1 a %d",
	"is the same person as signer%d, who would be invited twice": "é a mesma pessoa que signer%d, que seria convidada duas vezes",
	"must be a UUID": "deve ser um UUID",
	"needs the address of File Storage in CHANCELA_CATALISA_FILES_URL": "precisa do endereço do File Storage em CHANCELA_CATALISA_FILES_URL",

	"catalisa's templates bring their own fields; leave it empty": "os modelos da catalisa já trazem os seus campos; deixe vazio",
}
