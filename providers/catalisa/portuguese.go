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

	"provider configuration to sign with (a UUID); the organization's default when left out":                                                                                                                      "configuração de provedor com que se assina (um UUID); sem ela, a padrão da organização",
	"an id of your own, at most 60 characters: the request's businessId begins with it, and chancela's key follows, by which an interrupted invitation is found again":                                            "um id seu, de até 60 caracteres: o businessId do pedido começa com ele, e segue a chave da chancela, pela qual se reencontra um convite interrompido",
	"from where Catalisa counts y of a signature or field: bottom (default; as the row does) or top. It is not documented: look at the first row, and change it where the places are upside down":                 "de onde a Catalisa conta o y de uma assinatura ou campo: bottom (padrão; como a linha) ou top. Não está documentado: olhe a primeira linha, e mude se os lugares saírem de cabeça para baixo",
	"what is sent as signerId of a signature or field: the signer's e-mail, or the number in the row. What Catalisa takes is not documented; without it none is sent, and the fields stand in the signers' order": "o que vai como signerId de uma assinatura ou campo: o e-mail do signatário, ou o número na linha. O que a Catalisa aceita não está documentado; sem isto nada vai, e os campos ficam na ordem dos signatários",
	"true: the document goes through File Storage; false: inside the request; default: by its size, when CHANCELA_CATALISA_FILES_URL is set":                                                                      "true: o documento vai pelo File Storage; false: dentro do pedido; padrão: conforme o tamanho, se CHANCELA_CATALISA_FILES_URL estiver definida",
}
