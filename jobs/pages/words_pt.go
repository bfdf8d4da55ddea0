package pages

var portuguese = map[string]string{
	"skip": "Ir para o conteúdo", "nav.label": "Páginas", "nav.campaigns": "Campanhas", "nav.send": "Enviar", "nav.providers": "Provedores",
	"who.label": "Chave de API", "who.readonly": "somente consulta", "signout": "Sair",
	"simulated.word": "Simulado", "simulated.text": "Nada sai desta máquina: ninguém é convidado e nada é assinado.",
	"error.prefix": "Erro: %s", "error.title": "Há um problema", "none": "nenhum",

	"signin.title": "Entrar", "signin.key": "Chave de API", "signin.button": "Entrar", "signin.wrong": "Ninguém tem esta chave: copie-a de novo ou pergunte a quem mantém este servidor.",
	"signin.help": "Uma das chaves de CHANCELA_API_KEYS, sem o nome. O acesso vale por 12 horas.",

	"refused.title": "Não deu certo", "refused.notfound": "Não há nada aqui", "refused.forbidden": "Você não pode fazer isto", "refused.home": "Para as campanhas",
	"refused.readonly": "A chave %s só consulta e não altera nada. Peça uma chave sem :read.", "refused.nocampaign": "Não há campanha com este nome.",
	"refused.noenvelope": "Não há envelope com este id.", "refused.prefix": "A chave %s é para campanhas cujos nomes começam com %s.",

	"campaigns.title": "Campanhas", "campaigns.new": "Enviar uma campanha", "campaigns.caption": "Campanhas, a mais nova primeiro", "campaign": "Campanha", "progress": "Andamento",
	"archived": "Arquivados", "attention": "Precisam de alguém", "since": "Desde", "of": "%s de %s", "paused": "Pausada", "older": "Campanhas mais antigas", "next": "Próxima página",
	"first.title": "Envie sua primeira campanha", "first.lead": "Uma campanha é uma planilha: uma linha para cada envelope, com o documento e as pessoas que o assinam.",

	"campaign.began": "Começou em %s", "do.pause": "Pausar", "do.resume": "Retomar", "do.remind": "Lembrar", "do.retry": "Tentar de novo o que falhou", "do.cancel": "Cancelar",
	"do.retry.these.one": "Tentar de novo", "do.retry.these.other": "Tentar de novo estes %d", "do.resolve.these": "Decidir, um por um",
	"do.one.cancel": "Cancelar este envelope", "do.one.remind": "Lembrar os signatários", "do.one.retry": "Tentar de novo", "do.one.resolve": "Dizer se foi enviado",
	"answer": "%s de %s arquivados (%s)", "answer.sent.one": "%d aguardando assinaturas", "answer.sent.other": "%d aguardando assinaturas",
	"answer.waiting.one": "%d ainda não enviado", "answer.waiting.other": "%d ainda não enviados", "answer.stuck.one": "%d precisa de alguém", "answer.stuck.other": "%d precisam de alguém",

	"group.waiting": "ainda não enviados", "group.sent": "aguardando assinaturas", "group.done": "assinados", "group.ended": "encerrados sem assinatura", "group.stuck": "precisam de alguém",
	"state.queued": "na fila", "state.preparing": "em preparo", "state.sent": "aguardando assinaturas", "state.completed": "assinado, faltam os arquivos", "state.archived": "arquivado",
	"state.declined": "recusado", "state.expired": "expirado", "state.canceled": "cancelado", "state.failed": "falhou", "state.in_doubt": "em dúvida",

	"held.title": "O que está parado", "held.paused.one": "A campanha está pausada: %d envelope ainda não enviado espera. O que está com os signatários segue.",
	"held.paused.other": "A campanha está pausada: %d envelopes ainda não enviados esperam. O que está com os signatários segue.",
	"held.unworked":     "Ninguém trabalha para %s: inicie chancela work e chancela schedule, ou chancela up.",

	"trouble.key_refused": "recusa a chave", "trouble.blocked": "não pode ser alcançado com segurança", "trouble.unreachable": "não responde", "trouble.failing": "responde com erros",
	"trouble.paused": "pede para esperar", "trouble.slow": "está lento", "trouble.since": "desde %s", "trouble.next": "Nova tentativa em %s.", "health.good": "responde",
	"rate": "%s de %s requisições por minuto",

	"blames.title":             "O que deu errado e o que fazer",
	"cure.in_doubt":            "A chamada que convida pode ter chegado ou não, e o provedor não oferece como descobrir. Olhe na sua conta lá e diga qual foi o caso. Nada é enviado de novo sozinho.",
	"cure.declined":            "Um signatário recusou. Converse com ele; o que for combinado é um novo envelope, com outro id.",
	"cure.expired":             "O prazo para assinar acabou. Envie de novo com outro id e data posterior.",
	"cure.canceled":            "Foi retirado, aqui ou no provedor. Para enviá-lo mesmo assim, use outro id.",
	"cure.failed":              "O provedor recusa o que esta linha diz. Corrija a linha e envie-a com outro id; tente de novo se o erro estava na conta.",
	"cure.transient":           "O provedor não respondeu bem, muitas vezes. Ninguém foi convidado: tente de novo quando ele estiver bem.",
	"cure.ambiguous":           "O provedor não respondeu bem, muitas vezes. Ninguém foi convidado: tente de novo quando ele estiver bem.",
	"cure.not_found":           "O provedor não conhece algo que este envelope cita: o modelo, uma opção ou o que foi preparado. Corrija e tente de novo.",
	"cure.unsupported":         "O provedor não faz o que esta linha pede. Envie-a com outro id, de outra forma ou por outro provedor.",
	"cure.archive_unavailable": "Está assinado, mas não foi possível gravar no arquivo. Cuide do arquivo e tente de novo: só os arquivos são buscados.",
	"cure.archive_conflict":    "Está assinado, mas o arquivo já tem outro conteúdo com o mesmo nome, e nada ali é substituído. Veja de quem é e tente de novo.",
	"cure.archive_lost":        "Está assinado, mas o arquivo não guardou o que foi gravado. Cuide do arquivo e tente de novo.",
	"cure.bad_content":         "Está assinado, mas o que o provedor entregou não é um arquivo inteiro. Tente de novo: ele é buscado outra vez.",

	"funnel.title": "Até onde chegaram", "funnel.step": "Passo", "funnel.share": "Parte", "funnel.all": "Na planilha", "funnel.sent": "Enviados", "funnel.signed": "Assinados por todos", "funnel.archived": "Arquivados",
	"course.title": "Evolução", "course.label": "Envelopes ao longo do tempo, por situação. A tabela abaixo tem os números.", "course.table": "A evolução em tabela", "course.none": "Esta campanha é mais antiga que o registro da evolução.",
	"left": "Todos são convidados em cerca de %s, a %s por minuto.", "left.unknown": "Ainda não se sabe quanto tempo leva o envio do resto.", "left.signers": "Tudo foi enviado. O resto depende dos signatários.",
	"time": "Hora", "providers.title": "Provedores", "provider": "Provedor", "pace": "Ritmo", "health": "Situação", "envelopes": "Envelopes", "envelopes.all": "Todos os envelopes",
	"envelopes.title": "Envelopes de %s", "envelopes.none": "Nenhum envelope.",

	"search.label": "Buscar por id, assunto, nome ou e-mail do signatário", "search.button": "Buscar", "search.nothing": "Nada encontrado. Tire um filtro ou busque uma parte da palavra.",
	"search.sofar": "Nada entre os primeiros %s. Há mais.", "search.on": "Continuar a busca", "search.seen.one": "%d envelope examinado", "search.seen.other": "%d envelopes examinados",
	"filter.state": "Situação", "filter.all": "todos os %s", "filter.every": "todos", "filter.remove": "tirar este filtro", "filter.groups": "Em conjunto", "filter.states": "Um a um",
	"id": "Id", "subject": "Assunto", "signers": "Signatários", "state": "Situação", "name": "Nome", "address": "Endereço", "role": "Papel",

	"ended.failed": "Por que falhou", "ended.in_doubt": "Foi enviado?", "ended.declined": "Um signatário recusou", "ended.expired": "O prazo acabou", "ended.canceled": "Foi cancelado",
	"waits.queued": "Espera a vez de ser enviado.", "waits.preparing": "Está em preparo no provedor. Ninguém foi convidado ainda.", "waits.sent": "Os signatários foram convidados. Agora depende deles.",
	"waits.completed": "Todos assinaram. Os arquivos estão sendo buscados.", "waits.paused": "A campanha está pausada: ele espera até que ela seja retomada.", "waits.cancel": "Está sendo cancelado.",
	"type.electronic": "assinatura eletrônica", "type.digital": "certificado digital", "type.approver": "aprova", "type.viewer": "recebe em cópia",
	"signer.pending": "não assinou", "signer.viewed": "abriu", "signer.signed": "assinou", "signer.approved": "aprovou", "signer.declined": "recusou", "signer.unknown": "ainda não convidado",
	"forgotten": "Os dados pessoais desta campanha foram removidos. Os documentos estão no arquivo.",
	"timeline":  "O que aconteceu", "event.created": "Recebido", "event.intent": "A chamada que convida foi feita; o resultado não é conhecido", "event.sent": "Os signatários foram convidados", "event.signed": "%s assinou",
	"event.approved": "%s aprovou", "event.declined": "%s recusou", "event.completed": "Todos assinaram", "event.archived": "Todos os arquivos estão guardados",
	"event.ended.failed": "Parado até que se tente de novo", "event.ended.in_doubt": "Em dúvida até que alguém decida", "event.ended.declined": "Encerrado: recusado", "event.ended.expired": "Encerrado: expirado", "event.ended.canceled": "Encerrado: cancelado",
	"files": "Arquivos", "file": "Arquivo", "size": "Tamanho", "files.none": "Os arquivos vêm quando todos tiverem assinado.", "files.nothing": "O provedor não tinha arquivos.",
	"kind.signed_document": "Documento assinado", "kind.dossier": "Dossiê", "kind.package": "Pacote", "kind.face": "Foto do rosto", "kind.id_front": "Documento de identidade, frente", "kind.id_back": "Documento de identidade, verso",
	"kind.manifest": "Manifesto", "manifest.help": "O que está guardado, com cada hash",
	"facts": "Mais dados", "facts.id": "Id no provedor", "facts.unchecked": "(não confirmado pelo provedor)", "facts.tries": "Tentativas de envio", "facts.failed.one": "%d falhou", "facts.failed.other": "%d falharam",
	"facts.notbefore": "Não antes de", "facts.steps": "Feito no provedor", "document": "Documento", "template": "Modelo de documento", "message": "Mensagem",

	"done.pause.one": "Pausada. %d envelope espera.", "done.pause.other": "Pausada. %d envelopes esperam.", "done.resume.one": "Retomada.", "done.resume.other": "Retomada.",
	"done.cancel.one": "%d envelope foi parado ou está sendo retirado.", "done.cancel.other": "%d envelopes foram parados ou estão sendo retirados.",
	"done.retry.one": "%d envelope é tentado de novo.", "done.retry.other": "%d envelopes são tentados de novo.", "done.remind.one": "Os signatários de %d envelope recebem um lembrete.", "done.remind.other": "Os signatários de %d envelopes recebem um lembrete.",
	"done.resolve.one": "Resolvido.", "done.resolve.other": "Resolvido.", "done.send.one": "%d envelope está a caminho.", "done.send.other": "%d envelopes estão a caminho.",
	"done.refused.one": "Para %d não foi possível.", "done.refused.other": "Para %d não foi possível.",

	"seconds.one": "%d segundo", "seconds.other": "%d segundos", "minutes.one": "%d minuto", "minutes.other": "%d minutos", "hours.one": "%d hora", "hours.other": "%d horas", "days.one": "%d dia", "days.other": "%d dias",
}
