package jobs

import "github.com/chancela/chancela/providers/lang"

func init() {
	lang.Translate(map[string]string{
		"%s was given for the campaign %s":                                     "%s foi dado para a campanha %s",
		"no such envelope":                                                     "não há esse envelope",
		"%s, and only failed envelopes are retried":                            "%s, e só se tenta de novo o que falhou",
		"%s already":                                                           "já está assim: %s",
		"in doubt: resolve it first":                                           "em dúvida: decida antes, com chancela resolve",
		"sent, and %s cannot withdraw envelopes":                               "enviado, e %s não retira envelopes",
		"%s offers no reminders":                                               "%s não oferece lembretes",
		"%s, and only sent envelopes have pending signers":                     "%s, e só há signatários pendentes no que aguarda assinaturas",
		"reminded less than a minute ago: wait a minute":                       "lembrado há menos de um minuto: espere um minuto",
		"sent, but its provider has not confirmed under which id":              "enviado, mas o provedor não confirmou com que id",
		"%s cannot remind one signer alone":                                    "%s não lembra um signatário sozinho",
		"the envelope has no signer%d":                                         "o envelope não tem o signatário %d",
		"%s was sent, as its provider has said before: it is never sent again": "%s foi enviado, como o provedor já disse: nunca é enviado de novo",
		"%s is %s, not in doubt":                                               "%s não está em dúvida, e sim: %s",
		"%s, changed meanwhile: forget the campaign again when it has ended":   "%s, mudou nesse meio-tempo: repita o forget quando a campanha tiver terminado",
	})
}
