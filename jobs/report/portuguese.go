package report

import (
	"github.com/chancela/chancela/providers/lang"
)

func init() {
	lang.Translate(portuguese)
	lang.TranslateCounts(portugueseCounts)
}

var portugueseCounts = map[string][2]string{
	"%d queued": {"%d na fila", "%d na fila"}, "%d preparing": {"%d em preparo", "%d em preparo"}, "%d sent": {"%d aguardando assinaturas", "%d aguardando assinaturas"},
	"%d completed": {"%d assinado", "%d assinados"}, "%d archived": {"%d arquivado", "%d arquivados"}, "%d declined": {"%d recusado", "%d recusados"},
	"%d expired": {"%d expirado", "%d expirados"}, "%d canceled": {"%d cancelado", "%d cancelados"}, "%d failed": {"%d falhou", "%d falharam"},
	"%d in doubt": {"%d em dúvida", "%d em dúvida"},
}

var portuguese = map[string]string{
	"{%.40s} is not known: %v":                      "{%.40s} não é conhecido: %v",
	"the name would be the same for every file: %v": "o nome seria o mesmo para todos os arquivos: %v",
	"a name is made of text and {id}, {kind}, {subject}, {provider}, {campaign}, {signerN.name}, {signerN.email} and {meta.NAME}": "um nome é feito de texto e de {id}, {kind}, {subject}, {provider}, {campaign}, {signerN.name}, {signerN.email} e {meta.NOME}",
	"queued": "na fila", "preparing": "em preparo", "sent": "aguardando assinaturas", "completed": "assinado", "archived": "arquivado",
	"declined": "recusado", "expired": "expirado", "canceled": "cancelado", "failed": "falhou", "in_doubt": "em dúvida",
	"%s; %s says: %s": "%s; %s diz: %s",

	"The call that invites may or may not have arrived, and the provider gives no way to find out. Look into your account there; then say which. Nothing is sent again by itself.": "A chamada que convida pode ter chegado ou não, e o provedor não oferece como descobrir. Olhe na sua conta lá e diga qual foi o caso. Nada é enviado de novo sozinho.",
	"A signer has refused. Talk to them; what is agreed on then is a new envelope, with another id.":                                                                               "Um signatário recusou. Converse com ele; o que for combinado é um novo envelope, com outro id.",
	"The time to sign is over. Send it anew under another id, with a later date.":                                                                                                  "O prazo para assinar acabou. Envie de novo com outro id e data posterior.",
	"It was withdrawn, here or at the provider. To send it after all, use another id.":                                                                                             "Foi retirado, aqui ou no provedor. Para enviá-lo mesmo assim, use outro id.",
	"The provider did not take it. Where its words name something of the row, mend that and send the row under another id; where the account or the service was at fault, retry.":  "O provedor não aceitou. Se as palavras dele indicam algo da linha, corrija-o e envie a linha com outro id; se a falha era da conta ou do serviço, tente de novo.",
	"The provider did not answer well, many times. Nobody was invited: retry when it is well again.":                                                                               "O provedor não respondeu bem, muitas vezes. Ninguém foi convidado: tente de novo quando ele estiver bem.",
	"The provider does not know something that this envelope names: its template, an option, or what was prepared. Mend it, then retry.":                                           "O provedor não conhece algo que este envelope cita: o modelo, uma opção ou o que foi preparado. Corrija e tente de novo.",
	"The provider cannot do what this row asks for. Send it under another id, in another way or through another provider.":                                                         "O provedor não faz o que esta linha pede. Envie-a com outro id, de outra forma ou por outro provedor.",
	"It is signed, but the archive could not be written to. See to the archive, then retry: only the files are fetched again.":                                                     "Está assinado, mas não foi possível gravar no arquivo. Cuide do arquivo e tente de novo: só os arquivos são buscados.",
	"It is signed, but the archive has another file under the same name, and nothing there is overwritten. See whose it is, then retry.":                                           "Está assinado, mas o arquivo já tem outro conteúdo com o mesmo nome, e nada ali é substituído. Veja de quem é e tente de novo.",
	"It is signed, but the archive did not keep what was written. See to the archive, then retry.":                                                                                 "Está assinado, mas o arquivo não guardou o que foi gravado. Cuide do arquivo e tente de novo.",
	"It is signed, but what the provider gave is no whole file. Retry: it is fetched again.":                                                                                       "Está assinado, mas o que o provedor entregou não é um arquivo inteiro. Tente de novo: ele é buscado outra vez.",
	"%s: %d archived, and %d were to be first; %d wait":                                                                                                                            "%s: %d arquivados, e %d deviam ser os primeiros; %d esperam",
	"%s: halted, as %d envelopes in a row failed with %s; %d wait":                                                                                                                 "%s: parado, pois %d envelopes seguidos falharam com %s; %d esperam",
	"invitations leave %v":                                             "os convites saem %v",
	"invitations leave %v; the next ones on %s":                        "os convites saem %v; os próximos em %s",
	"%v; the next one on %s":                                           "%v; o próximo em %s",
	"%s: the first %d go first, %d archived; the others wait for them": "%s: os primeiros %d vão antes, %d arquivados; os demais esperam por eles",
	"%v for: chancela resume %s":                                       "%v por: chancela resume %s",
	"%v, or for: chancela resume %s":                                   "%v, ou por: chancela resume %s",
	"%v. chancela report %s says why; then chancela resume %s, and %v": "%v. chancela report %s diz o motivo; depois chancela resume %s, e %v",
	"chancela resolve %s for those in doubt":                           "chancela resolve %s para os que estão em dúvida",
	"chancela retry %s for those that failed":                          "chancela retry %s para os que falharam",
	"%s: halted, as %d invitations in a row were answered without proof that nobody was invited: %s; %d wait": "%s: parado, pois %d convites seguidos foram respondidos sem prova de que ninguém foi convidado: %s; %d esperam",
}
