package ledger

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"campaign %s is not finished: the archive says that failed envelopes were sent, such as %s: retry them, and what became of them is found out": "a campanha %s não terminou: o arquivo diz que envelopes com falha foram enviados, como %s: tente-os de novo (retry), e se descobre o que foi feito deles",
	"campaign %s is not finished: %v":                                   "a campanha %s não terminou: %v",
	"%d to go: cancel or finish them":                                   "%d por enviar ou assinar: cancele-os (cancel) ou espere que terminem",
	"%d in doubt: resolve them":                                         "%d em dúvida: decida-os (resolve)",
	"%d failed: retry them":                                             "%d com falha: tente-os de novo (retry)",
	"%d that the provider does not know: resolve them":                  "%d que o provedor não conhece: decida-os (resolve)",
	"or forget them, too, with --also-unfinished: they end as canceled": "ou esqueça-os também, com --also-unfinished: terminam como cancelados",
	"a Redis Cluster that writes its append-only file once a second cannot be waited for (WAITAOF speaks of one connection's writes): set appendfsync always on every node": "não se pode esperar por um Redis Cluster que grava o arquivo append-only uma vez por segundo (WAITAOF fala das gravações de uma só conexão): defina appendfsync always em cada nó",
	"redis %s is too old: 6.2 or newer is needed":                                          "o redis %s é antigo demais: é preciso o 6.2 ou mais novo",
	"redis does not answer: %v":                                                            "o redis não responde: %v",
	"redis does not show its configuration: make sure that maxmemory-policy is noeviction": "o redis não mostra a sua configuração: certifique-se de que maxmemory-policy é noeviction",
	"redis does not tell how it keeps what is written: allow INFO, or CONFIG GET, so that chancela can see that no invitation can be forgotten in a crash":                            "o redis não diz como guarda o que é gravado: permita INFO, ou CONFIG GET, para que a chancela veja que nenhum convite pode ser esquecido numa queda",
	"redis does not tell its version (INFO is forbidden, or has none): make sure that it is 6.2 or newer":                                                                             "o redis não diz a sua versão (INFO é proibido, ou não a traz): certifique-se de que é 6.2 ou mais nova",
	"redis has maxmemory-policy %s and may drop envelopes when memory is short: set it to noeviction":                                                                                 "o redis tem maxmemory-policy %s e pode descartar envelopes quando faltar memória: mude para noeviction",
	"redis keeps no append-only file: set appendonly yes and appendfsync always, so that no invitation can be forgotten in a crash":                                                   "o redis não mantém arquivo append-only: defina appendonly yes e appendfsync always, para que nenhum convite possa ser esquecido numa queda",
	"redis writes its append-only file once a second, as far as it tells: set appendfsync always, or use 7.2+ (and allow WAITAOF), so that no invitation can be forgotten in a crash": "o redis grava o arquivo append-only uma vez por segundo, pelo que diz: defina appendfsync always, ou use o 7.2 ou mais novo (e permita WAITAOF), para que nenhum convite possa ser esquecido numa queda",

	"%s needs a single Redis or a Sentinel; set appendfsync always on a cluster":      "%s precisa de um só Redis ou de um Sentinel; num cluster, defina appendfsync always",
	"%s: not acknowledged within %s":                                                  "%s: sem confirmação em %s",
	"redis does not take what is written: %v":                                         "o redis não aceita gravações: %v",
	"this Redis may forget an invitation in a crash, and it could then be sent twice": "este Redis pode esquecer um convite numa queda, e ele poderia então ser enviado duas vezes",
}
