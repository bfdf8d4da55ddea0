package certyneo

import (
	"github.com/chancela/chancela/providers/lang"
)

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"Certyneo asks all signers of an envelope for an SMS code or none":                                           "a Certyneo pede um código por SMS a todos os signatários de um envelope, ou a nenhum",
	"a template brings its own signature fields; leave the anchor out":                                           "um modelo já traz os campos de assinatura; retire a âncora",
	"a template brings its own signature fields; leave the stamp out":                                            "um modelo já traz os campos de assinatura; retire o lugar da assinatura",
	"at least one signer or approver is needed":                                                                  "é preciso pelo menos um signatário ou aprovador",
	"is %s, but the type is %s; give one of the two":                                                             "é %s, mas o tipo é %s; indique um dos dois",
	"is signer%d's too; Certyneo tells the recipients of an envelope apart by their e-mail":                      "é também de signer%d; a Certyneo distingue os destinatários de um envelope pelo e-mail",
	"must be a number such as +33612345678: it is needed for the SMS code (level ADVANCED, sms_otp or auth sms)": "deve ser um número como +33612345678: é preciso para o código por SMS (nível ADVANCED, sms_otp ou auth sms)",
	"only signers have a signature to place":                                                                     "só signatários têm uma assinatura a posicionar",
	"%q is not a language tag such as fr or nl-BE":                                                               "%q não é uma etiqueta de idioma como fr ou nl-BE",
	"must be an address that begins with https://":                                                               "deve ser um endereço que comece com https://",
	"%q is not a number from 0":                                                                                  "%q não é um número a partir de 0",
	"anchor_placement and anchor_index need certyneo.anchor":                                                     "anchor_placement e anchor_index precisam de certyneo.anchor",
	"level ADVANCED needs the SMS code; leave sms_otp out or set it to true":                                     "o nível ADVANCED precisa do código por SMS; retire sms_otp ou ponha true",
	"%q is longer than %d characters":                                                                            "%q tem mais de %d caracteres",
	"%d tags; at most %d are taken":                                                                              "%d etiquetas; são aceitas no máximo %d",

	"needs the workspace's name after name:":                                                "precisa do nome do espaço de trabalho depois de name:",
	"only signers fill something in":                                                        "só signatários preenchem algo",
	"Certyneo's fields have neither required nor a label; give page,x,y,width,height alone": "os campos da Certyneo não têm required nem rótulo; indique só página,x,y,largura,altura",
	"a template brings its own fields; leave it out":                                        "um modelo já traz os seus campos; retire este",
	"Certyneo documents no way to ask for an order; leave it out, or give certyneo.signing_order=array: the signers then stand in the request in that order, and whether Certyneo keeps to it is to be tried on your account": "a Certyneo não documenta como pedir uma ordem; retire-a, ou indique certyneo.signing_order=array: os signatários vão então no pedido nessa ordem, e se a Certyneo a respeita deve ser testado na sua conta",

	"nobody is mailed: CHANCELA_KEEP_LINKS=yes keeps the signing links, and chancela links CAMPAIGN prints them": "ninguém recebe e-mail: CHANCELA_KEEP_LINKS=yes guarda os links de assinatura, e chancela links CAMPANHA os mostra",

	"signature level: SIMPLE (default), ADVANCED (asks every signer for an SMS code) or QUALIFIED": "nível da assinatura: SIMPLE (padrão), ADVANCED (pede a cada signatário um código por SMS) ou QUALIFIED",
	"true: every signer confirms a code sent to their phone":                                       "true: cada signatário confirma um código enviado ao telefone",
	"language of the invitations, such as fr or nl-BE; default: the account's":                     "idioma dos convites, como fr ou nl-BE; padrão: o da conta",
	"https address behind the button that signers see at the end":                                  "endereço https do botão que os signatários veem no fim",
	"kind of document; default: guessed from the subject":                                          "tipo de documento; padrão: deduzido do assunto",
	"up to 10 tags of up to 40 characters, separated by commas":                                    "até 10 etiquetas de até 40 caracteres, separadas por vírgulas",
	"true: initials are stamped on each page":                                                      "true: rubricas são postas em cada página",
	"shared workspace that owns the envelope: its id, or name: and its name":                       "workspace compartilhado a que o envelope pertence: o id, ou name: e o nome",
	"array: rows with signerN.order are sent with their signers in that order. Certyneo says that an envelope may be sequential, and documents no field for it: try it on your account first. Without it, such rows are refused": "array: linhas com signerN.order vão com os signatários nessa ordem. A Certyneo diz que um envelope pode ser sequencial, e não documenta um campo para isso: experimente antes na sua conta. Sem isto, tais linhas são recusadas",
	"text in the documents beside which people sign; {n} in it stands for the signer's number, without {n} the first signer takes the first occurrence, the second the second":                                                   "texto dos documentos ao lado do qual se assina; {n} nele é o número do signatário; sem {n} o primeiro signatário fica com a primeira ocorrência, o segundo com a segunda",
	"where the signature goes, seen from the anchor: right (default), below, above or left":                                                                                                                                      "onde fica a assinatura em relação ao texto: right (à direita, padrão), below (abaixo), above (acima) ou left (à esquerda)",
	"occurrence of the anchor that the first signer takes, from 0 (default)":                                                                                                                                                     "ocorrência do texto que cabe ao primeiro signatário, a partir de 0 (padrão)",
}
