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

	"404 for an unknown envelope":           "404 para um envelope desconhecido",
	"409, by our reading of reference §A10": "409, como lemos a referência §A10",
	"address and signature_key are set; that QI Sign's support has the same cannot be asked": "endereço e signature_key estão definidos; se o suporte da QI Sign tem os mesmos não se pode perguntar",
	"after a crash an envelope could hold a document twice":                                  "depois de uma queda, um envelope poderia ter um documento duas vezes",
	"after a crash documents are sent again":                                                 "depois de uma queda, os documentos são enviados de novo",
	"an envelope could be made twice after a crash; report this":                             "depois de uma queda, um envelope poderia ser criado duas vezes; avise-nos",
	"an unknown envelope is answered with HTTP %d":                                           "um envelope desconhecido recebe HTTP %d",
	"callbacks are not set up here, and no call tells whether they are there":                "os callbacks não estão configurados aqui, e nenhuma chamada diz se estão lá",
	"envelopes are looked at from time to time; biometry comes with callbacks only: give QI Sign's support CHANCELA_QISIGN_WEBHOOK_URL, and set it with the signature_key as CHANCELA_QISIGN_WEBHOOK_SECRET": "os envelopes são consultados de tempos em tempos; a biometria só vem com callbacks: passe CHANCELA_QISIGN_WEBHOOK_URL ao suporte da QI Sign, e defina-a com a signature_key em CHANCELA_QISIGN_WEBHOOK_SECRET",
	"HTTP %d":                            "HTTP %d",
	"HTTP %d, the envelope takes our id": "HTTP %d, o envelope aceita o nosso id",
	"report this: whether an envelope was sent is told by its status": "avise-nos: é o status que diz se um envelope foi enviado",
	"the endpoint is not open to this key: ask suporte@qitech.com.br": "o endpoint não está aberto para esta chave: pergunte a suporte@qitech.com.br",
	"the envelope": "o envelope",
	"the envelope is created, and tells of its document": "o envelope foi criado, e mostra o seu documento",
	"the envelope tells of %d documents":                 "o envelope mostra %d documentos",
	"the envelope's status is %q":                        "o status do envelope é %q",
	"the key is taken: an unknown envelope is not found": "a chave é aceita: um envelope desconhecido não é encontrado",
	"the one that was added":                             "o que foi acrescentado",
	"the same document again is answered with HTTP %d":   "o mesmo documento de novo recebe HTTP %d",
	"the same document again is refused: HTTP 409":       "o mesmo documento de novo é recusado: HTTP 409",
	"the same envelope again is answered with HTTP %d":   "o mesmo envelope de novo recebe HTTP %d",
	"the same envelope again is refused: HTTP 409":       "o mesmo envelope de novo é recusado: HTTP 409",
}
