package hours

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"0 ends reminders: leave out when they follow":                                         "0 encerra os lembretes: não diga quando eles vêm",
	"is missing: write how long after the invitation the first reminder follows, as in 3d": "falta: escreva quanto tempo depois do convite vem o primeiro lembrete, como 3d",
	"is missing: write how long after a reminder the next one follows, as in 2d":           "falta: escreva quanto tempo depois de um lembrete vem o próximo, como 2d",
	"%q is no number of reminders: from 0, which ends them, to %d":                         "%q não é um número de lembretes: de 0, que os encerra, a %d",
	"%q is no length of time: write 3d, 36h or 90m":                                        "%q não é um tempo: escreva 3d, 36h ou 90m",
	"%q: at most 365d": "%q: no máximo 365d",
	"%s is more than a year ago, or ten years ahead: is the year right?": "%s foi há mais de um ano, ou será daqui a dez: o ano está certo?",
	"more than %d characters":                                                    "mais de %d caracteres",
	"%q is no time zone: write America/Sao_Paulo":                                "%q não é um fuso horário: escreva America/Sao_Paulo",
	"%q is not known: write br":                                                  "%q não é conhecido: escreva br",
	"%q does not exist in %s: clocks are put forward there":                      "%q não existe em %s: lá o relógio é adiantado",
	"%q is no time: write \"2030-12-01 09:00\" or \"01/12/2030 09:00\"":          "%q não é um horário: escreva \"2030-12-01 09:00\" ou \"01/12/2030 09:00\"",
	"%q is no number a day: write 500/day":                                       "%q não é um número por dia: escreva 500/dia",
	"%q: from 1 to %d a day":                                                     "%q: de 1 a %d por dia",
	"%q is not days and hours: %v":                                               "%q não são dias e horas: %v",
	"%q are no days of the week: %v":                                             "%q não são dias da semana: %v",
	"%q are no hours: %v":                                                        "%q não são horas: %v",
	"%q ends before it begins: write hours past midnight as two windows":         "%q termina antes de começar: escreva horas depois da meia-noite como dois períodos",
	"write \"Mon-Fri 09:00-18:00\", or \"Mon-Fri 09:00-12:00, Sat 09:00-11:00\"": "escreva \"Seg-Sex 09:00-18:00\", ou \"Seg-Sex 09:00-12:00, Sab 09:00-11:00\"",

	"Sun": "dom", "Mon": "seg", "Tue": "ter", "Wed": "qua", "Thu": "qui", "Fri": "sex", "Sat": "sáb",
	"at any time":                        "a qualquer hora",
	"from %s":                            "a partir de %s",
	"at most %d a day":                   "no máximo %d por dia",
	"not on national holidays of Brazil": "não em feriados nacionais do Brasil",
	"no reminders":                       "sem lembretes",
	"reminder %s after the invitation":   "lembrete %s depois do convite",
	"reminders %s after the invitation, then every %s, at most %d": "lembretes %s depois do convite, depois a cada %s, no máximo %d",
}
