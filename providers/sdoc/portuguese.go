package sdoc

import (
	"github.com/chancela/chancela/providers/lang"
)

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"a folder needs its account in sdoc.organization": "uma pasta precisa da conta em sdoc.organization",
	"has %d characters; sdoc takes %v of %d to %d":    "tem %d caracteres; sdoc aceita %v de %d a %d",
	"a description": "uma descrição", "a title": "um título", "a full name": "um nome completo", "an address": "um endereço",
	"is the same person as signer%d, who would be invited twice":                                                                                         "é a mesma pessoa que signer%d, que seria convidada duas vezes",
	"sdoc needs a CPF (11 digits) or CNPJ (14 characters)":                                                                                               "sdoc precisa de um CPF (11 dígitos) ou CNPJ (14 caracteres)",
	"sdoc needs the place of an electronic signature: page,x,y,width,height":                                                                             "sdoc precisa do lugar da assinatura eletrônica: page,x,y,width,height",
	"sdoc never completes an envelope of viewers only; at least one must sign or approve":                                                                "sdoc nunca conclui um envelope só de observadores; pelo menos um deve assinar ou aprovar",
	"sdoc takes at most %d participants, got %d":                                                                                                         "sdoc aceita no máximo %d participantes, e há %d",
	"the callback address with campaign and id has %d characters; sdoc takes %d to %d: shorten the id, the campaign's name or CHANCELA_SDOC_WEBHOOK_URL": "o endereço de retorno com campanha e id tem %d caracteres; sdoc aceita de %d a %d: encurte o id, o nome da campanha ou CHANCELA_SDOC_WEBHOOK_URL",
	"the file name %q must have an extension and 5 to 200 characters for sdoc":                                                                           "o nome de arquivo %q deve ter extensão e de 5 a 200 caracteres para sdoc",
	"the type of %s has %d characters; sdoc takes 5 to 150":                                                                                              "o tipo de %s tem %d caracteres; sdoc aceita de 5 a 150",

	"sdoc refuses every envelope of this account, as chancela doctor has seen: it has no address for callbacks; set CHANCELA_SDOC_WEBHOOK_URL, or one in the portal and run chancela doctor sdoc --draft again": "sdoc recusa todos os envelopes desta conta, como chancela doctor verificou: ela não tem endereço para callbacks; defina CHANCELA_SDOC_WEBHOOK_URL, ou um endereço no portal, e execute chancela doctor sdoc --draft de novo",

	"account that gets the solicitation: its identifier (20 characters) or its name":                                             "conta que recebe a solicitação: o identificador dela (20 caracteres) ou o nome",
	"folder of that account: its identifier (10 characters), its path such as Contracts/2026, or its name where only one has it": "pasta dessa conta: o identificador (10 caracteres), o caminho, como Contracts/2026, ou o nome, se for o único",
	"false: sDoc sends no e-mail to the signers (default true)":                                                                  "false: sDoc não envia e-mail aos signatários (padrão: true)",
}
