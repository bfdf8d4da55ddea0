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

	"%d requests on the first page of %d": "%d pedidos na primeira página de %d",
	"%v, not active":                      "%v, inativa",
	"%v, the default":                     "%v, a padrão",
	"a file is stored and confirmed":      "um arquivo foi guardado e confirmado",
	"a JWT":                               "um JWT",
	"an access token lives an hour: set CHANCELA_CATALISA_CLIENT_ID and CHANCELA_CATALISA_CLIENT_SECRET instead of CHANCELA_CATALISA_API_KEY": "um token de acesso vale uma hora: defina CHANCELA_CATALISA_CLIENT_ID e CHANCELA_CATALISA_CLIENT_SECRET em vez de CHANCELA_CATALISA_API_KEY",
	"an access token; how long it lives is not told": "um token de acesso; por quanto tempo vale não é dito",
	"an access token; it lives %v":                   "um token de acesso; vale %v",
	"an interrupted invitation would be settled by reading every request; ask Catalisa before a campaign is sent": "um convite interrompido seria esclarecido lendo todos os pedidos; pergunte à Catalisa antes de enviar uma campanha",
	"an unknown businessId finds %d requests: the filter does not filter":                                         "um businessId desconhecido acha %d pedidos: o filtro não filtra",
	"an unknown businessId finds nothing":                                                                         "um businessId desconhecido não acha nada",
	"Catalisa does not document from where y of a place is counted: it goes from the foot of the page, as given. Look at the first row, and give catalisa.origin=top where places are upside down, or catalisa.origin=bottom where they are right": "a Catalisa não documenta de onde se conta o y de um lugar: vai a partir do pé da página, como indicado. Olhe a primeira linha, e indique catalisa.origin=top se os lugares saírem de cabeça para baixo, ou catalisa.origin=bottom se estiverem certos",
	"data.id and uploadUrl": "data.id e uploadUrl",
	"documents cannot go by CHANCELA_CATALISA_FILES_URL: FILES_CREATE": "documentos não podem ir por CHANCELA_CATALISA_FILES_URL: FILES_CREATE",
	"for catalisa.config_id: %v":                                       "para catalisa.config_id: %v",
	"give the client these permissions":                                "dê ao cliente essas permissões",
	"it cannot be told whether the organization has a default":         "não se sabe se a organização tem uma padrão",
	"look again after the first envelope":                              "verifique de novo depois do primeiro envelope",
	"look at CHANCELA_CATALISA_CLIENT_ID and CHANCELA_CATALISA_CLIENT_SECRET, and whether they are of this environment": "verifique CHANCELA_CATALISA_CLIENT_ID e CHANCELA_CATALISA_CLIENT_SECRET, e se são deste ambiente",
	"look at the proxy: the storage is another host":                                                                    "verifique o proxy: o armazenamento é outro endereço",
	"no active configuration is the default: %v":                                                                        "nenhuma configuração ativa é a padrão: %v",
	"no signature request is made: creating one is the call that invites (reference §6)":                                "nenhum pedido de assinatura é criado: criar um é a chamada que convida (referência §6)",
	"nothing can be followed: ESIGNATURE_READ":                                                                          "nada pode ser acompanhado: ESIGNATURE_READ",
	"permissions show in what is refused":                                                                               "as permissões se mostram no que é recusado",
	"send the first rows to your own address":                                                                           "envie as primeiras linhas para o seu próprio endereço",
	"set a default in Catalisa, or give every row catalisa.config_id":                                                   "defina uma padrão na Catalisa, ou indique catalisa.config_id em cada linha",
	"the account has no request yet: whether the filter filters cannot be told":                                         "a conta ainda não tem pedidos: não se sabe se o filtro filtra",
	"the answer has no access_token":                                                                                    "a resposta não traz access_token",
	"the answer has no id or no uploadUrl":                                                                              "a resposta não traz id ou uploadUrl",
	"the answer is no list":                                                                                             "a resposta não é uma lista",
	"the file":                                                                                                          "o arquivo",
	"the storage refuses the file: %v":                                                                                  "o armazenamento recusa o arquivo: %v",
	"the token cannot be read":                                                                                          "o token não pode ser lido",
	"the token has run out at %s":                                                                                       "o token venceu em %s",
	"the token lacks %s":                                                                                                "falta ao token %s",
}
