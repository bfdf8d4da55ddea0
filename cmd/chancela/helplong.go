package main

// longHelpInPortuguese are the long texts of the help, by command.
var longHelpInPortuguese = map[string]string{
	"chancela": `chancela toma de um arquivo CSV uma campanha de documentos para assinar, envia cada envelope
pelo seu serviço de assinatura (Contraktor, Certyneo, sDoc, Catalisa ou QI Sign), acompanha-o
até que todos tenham assinado, e guarda no arquivo os documentos assinados com as suas provas.
Ninguém é convidado duas vezes: campanha e id são a chave de idempotência.

Sem nenhuma configuração são usados provedores simulados, e nada sai desta máquina.
"chancela config" mostra o que se pode definir no ambiente.`,

	"chancela cancel": `Cancel interrompe os envelopes que não foram enviados e faz um processo de trabalho retirar os que
foram, se o provedor pode: os indicados, ou todos os da campanha. Num terminal pergunta antes de
cancelar uma campanha inteira. O que foi cancelado não é enviado de novo com o mesmo id.`,

	"chancela check": `Check lê arquivos de campanha e os seus documentos, pelas mesmas regras que enqueue e run, e
mostra todos os erros de cada linha como ARQUIVO:LINHA:COLUNA: CAMPO (CÉLULA): MENSAGEM, com
CÉLULA como uma planilha a mostra. Nada é posto na fila e nada é enviado. No fim vem uma
estimativa para cada provedor no seu limite de requisições e, se indicados, nos horários e no
número por dia em que os convites podem sair; o tempo dos próprios signatários não entra nela.
Onde há a chave de um provedor e o serviço diz quantos envelopes restam no mês (o
plano gratuito da certyneo), isso lhe é perguntado; um serviço que não responde não impede nada.
Com CHANCELA_REDIS_URL também são indicadas as outras campanhas que pedem às
mesmas pessoas que assinem os mesmos documentos: um erro, a não ser com --campaign ou --again.
Com --output o arquivo é gravado de novo, com as células erradas marcadas e o que está errado
dito numa última coluna (o que há no cabeçalho, na linha dele), que não é coluna da campanha
quando o arquivo é lido.`,

	"chancela completion": `Gera o script que completa os comandos de chancela no shell indicado.
A ajuda de cada subcomando explica como usar o script gerado.`,

	"chancela completion bash": `Gera o script que completa comandos no bash.

O script depende do pacote 'bash-completion'. Se ele não está instalado, instale-o com o
gerenciador de pacotes do seu sistema.

Para completar comandos na sessão atual:

	source <(chancela completion bash)

Para completar comandos em todas as novas sessões, execute uma vez:

#### Linux:

	chancela completion bash > /etc/bash_completion.d/chancela

#### macOS:

	chancela completion bash > $(brew --prefix)/etc/bash_completion.d/chancela

Inicie um novo shell para que isso tenha efeito.`,

	"chancela completion zsh": `Gera o script que completa comandos no zsh.

Se o seu ambiente ainda não completa comandos, é preciso ativar isso. Execute uma vez:

	echo "autoload -U compinit; compinit" >> ~/.zshrc

Para completar comandos na sessão atual:

	source <(chancela completion zsh)

Para completar comandos em todas as novas sessões, execute uma vez:

#### Linux:

	chancela completion zsh > "${fpath[1]}/_chancela"

#### macOS:

	chancela completion zsh > $(brew --prefix)/share/zsh/site-functions/_chancela

Inicie um novo shell para que isso tenha efeito.`,

	"chancela completion fish": `Gera o script que completa comandos no fish.

Para completar comandos na sessão atual:

	chancela completion fish | source

Para completar comandos em todas as novas sessões, execute uma vez:

	chancela completion fish > ~/.config/fish/completions/chancela.fish

Inicie um novo shell para que isso tenha efeito.`,

	"chancela completion powershell": `Gera o script que completa comandos no powershell.

Para completar comandos na sessão atual:

	chancela completion powershell | Out-String | Invoke-Expression

Para completar comandos em todas as novas sessões, acrescente a saída do comando acima ao seu
perfil do powershell.`,

	"chancela config": `Config mostra cada variável com o seu valor e de onde ele vem: o ambiente, um arquivo (cada
segredo pode estar num arquivo indicado por NAME_FILE), ou o padrão. Indica as variáveis que
começam com CHANCELA_ e não são conhecidas, e diz quão durável é o que o Redis configurado grava.
Definições com que nenhum outro comando inicia são indicadas, com status de saída 2.`,

	"chancela doctor": `Doctor pergunta a cada provedor que tem chave o que a conta pode fazer, e verifica tudo o mais de
que uma campanha precisa: o caminho até o provedor e o relógio dele, a durabilidade do Redis, se
é possível gravar no arquivo e ler de novo, e o endereço dos callbacks. Cada resultado é uma
linha, ok, nota ou erro, com a solução; com --json, tudo o que foi perguntado e
respondido. Ninguém recebe nada: ele só lê, e deixa um pequeno arquivo no arquivo de documentos.

--draft também cria no provedor o que não chega a ninguém (um envio de arquivo, um rascunho que
não é enviado), examina-o e o remove de novo: isso responde ao que os documentos dos provedores
deixam em aberto.
Com --self também cria envelopes só para você, sem e-mail, onde nada menor responde, e os apaga:
as duas solicitações de sDoc com um só arquivo. Se a segunda é recusada, um convite interrompido
é feito mais uma vez, em vez de ficar em dúvida.
O status de saída é 1 quando algo está errado.`,

	"chancela download": `Download copia os documentos arquivados de uma campanha para uma pasta, cada um comparado com o
tamanho e o SHA-256 do seu manifesto, e ali os lista em index.csv. Só precisa do arquivo. Os nomes
são ID/KIND.pdf, ou como diz --name: texto com {id}, {kind}, {subject}, {provider}, {campaign},
{signerN.name}, {signerN.email} e {meta.NAME}. Os nomes são tais que o Windows os aceita.
O que já está ali com o mesmo conteúdo fica; o que é diferente nunca é substituído, e o que um
download anterior gravou com outros nomes também fica, e é contado.
Com --zip, PASTA é um só arquivo zip.`,

	"chancela enqueue": `Enqueue confere arquivos de campanha e põe os envelopes na fila, com os documentos no arquivo:
os processos de trabalho não precisam de acesso ao disco desta máquina. Um arquivo de campanha
posto de novo na fila não muda nada; um id com conteúdo diferente do anterior é recusado, e os
outros continuam. Pessoas a quem outra campanha já pediu que assinassem os mesmos documentos não
recebem outro pedido, a não ser com --campaign ou --again.

Precisa de CHANCELA_REDIS_URL, e do arquivo que os processos de trabalho usam, mas não da chave
de nenhum provedor.`,

	"chancela forget": `Forget apaga nomes, endereços e tudo o mais que diz respeito a pessoas do registro de uma
campanha em que todos os envelopes terminaram, sem perguntar. O arquivo fica, e também o que
impede que um envelope seja enviado de novo.

Envelopes que falharam ou estão em dúvida, ou que o provedor não conhece, impedem isso: alguém
ainda precisa decidir sobre eles. Com --also-unfinished terminam como cancelados, com o motivo
"forgotten", e não podem mais ser decididos nem tentados de novo.`,

	"chancela help": `Help dá a ajuda de qualquer comando.
Escreva chancela help [comando] para ver tudo sobre ele.`,

	"chancela links": `Links mostra em CSV os links de assinatura dos envelopes enviados de uma campanha: id, signer,
link e o que ele mostra: a assinatura daquele signatário (signing) ou o envelope (envelope), que
não é de ninguém em particular. Quem tem um link pode assinar em nome daquela pessoa. Os links só
são guardados por processos de trabalho com CHANCELA_KEEP_LINKS=yes, quando o provedor os informa
(Certyneo no envio, Catalisa e QI Sign quando um envelope é consultado), e só até que o envelope
termine.`,

	"chancela notifications": `As notificações vão para CHANCELA_NOTIFY_URL, assinadas como Standard Webhooks. Uma que não pôde
ser entregue durante um dia é posta de lado para que as seguintes do envelope continuem; --replay
põe todas essas de volta.`,

	"chancela pause": `Pause impede que uma campanha convide alguém: quando termina, nenhum convite mais sai. Espera os
que tinham começado antes, no máximo 20 segundos, e diz quantos eram. Envelopes já enviados são
acompanhados e arquivados como antes.`,

	"chancela preview": `Preview grava o documento de uma linha, contada como a planilha conta, tal como seria enviado: o
formulário de um PDF preenchido com as colunas field.NAME da linha e parte da página, ou os
campos {{NAME}} de um DOCX. A mesma linha tem sempre os mesmos bytes. Havendo vários documentos,
os nomes são numerados. Um arquivo que já existe com outro conteúdo não é substituído.
Nada é posto na fila e nenhum provedor é chamado.`,

	"chancela rebuild": `Rebuild registra no Redis o que o arquivo tem de uma campanha, ou de todas, e o Redis não conhece.
Envelopes com o seu manifesto voltam a ser arquivados, com os seus relatórios, e assim status,
report e verify respondem como antes. Envelopes marcados como convidados são acompanhados até que
terminem. As pessoas e os documentos deles estão só nas planilhas: ponha-as de novo na fila, o
que não convida ninguém que está marcado; o que falhou, ou nunca foi enviado, só se conhece por
elas.

Envelopes cancelados antes do envio voltam a ser cancelados, também os que um Redis de uma cópia
mais antiga tem na fila. Processos de trabalho e "chancela serve" os registram no arquivo em até um
minuto; os de uma campanha inteira, quando toda ela está cancelada. O que foi cancelado depois
disso, ou com CHANCELA_MARKS=off, é como novo: ponha as planilhas na fila antes de iniciar os
processos de trabalho, e cancele de novo.

Cada coisa do arquivo que não pode ser lida é uma linha, e o status de saída é então 1.`,

	"chancela remind": `Remind faz um processo de trabalho pedir ao provedor que lembre os signatários que faltam de
envelopes enviados: dos indicados, ou de todos se o provedor oferece isso.`,

	"chancela report": `Report mostra uma linha para cada envelope: a situação e o motivo, os signatários, os documentos
com o seu SHA-256, e os horários. Em csv ou xlsx para planilhas, json (um objeto por linha) para
programas, ou html para pessoas: uma página para ler e imprimir, com o quanto se avançou, o
andamento, o que deu errado e o que fazer a respeito, e quanto tempo as pessoas levaram para
assinar. Com mais de 5.000 envelopes ela lista alguns dos que falharam ou estão em dúvida. html
e xlsx vêm no idioma de CHANCELA_LANG, com horários de CHANCELA_TZ; csv e json são iguais em
toda parte, em UTC, csv com --local em CHANCELA_TZ. A planilha de um país que escreve 1,5 precisa
de --separator ";" num csv.`,

	"chancela resolve": `Resolve decide sobre envelopes cujo convite pode ter chegado ou não ao provedor, depois que alguém
verificou ali: um foi enviado, com o id do provedor, ou não foi e volta à fila. Um processo de
trabalho consulta o id antes; se nenhum pode, ele é aceito sem conferência até a próxima consulta.
Um envelope decidido errado pode ser decidido de novo.

Um arquivo indica muitos, um por linha: ID,ENVELOPE_ID para os que foram enviados, ou com
--not-sent só um ID. Um que é recusado não impede que os outros sejam decididos.`,

	"chancela resume": `Resume termina uma pausa: os envelopes que esperavam são enviados. Também termina o que --first e
falhas seguidas retêm; num terminal, pergunta antes que uma pausa leve --first consigo.`,

	"chancela retry": `Retry põe de volta os envelopes que falharam, no passo em que falharam e com todas as tentativas
de novo: os indicados, ou todos os da campanha. Nenhum signatário de um envelope que falhou foi
convidado, ou o que se repete é o passo de arquivar. Não termina nem uma pausa nem uma parada por
falhas: resume faz isso.`,

	"chancela run": `Run é o trabalho principal num só processo: confere os arquivos de campanha, põe os envelopes na
fila, envia-os, consulta se estão assinados, e arquiva cada documento que os provedores oferecem,
até que todo envelope tenha terminado. Interrompido e iniciado de novo, continua onde estava: o
que é conhecido não é enviado de novo.

Precisa de um Redis (CHANCELA_REDIS_URL; numa só máquina local:PASTA, uma pasta em que ele mesmo
executa o redis-server) assim que há a chave de um provedor. Sem nenhuma chave e sem um Redis usa
provedores simulados e uma fila embutida, e nada sai desta máquina; o que já está no arquivo não
é enviado de novo, todo o resto termina com o processo. Com um Redis, provedores simulados só são
usados com CHANCELA_SIMULATE=yes.`,

	"chancela sandbox": `Sandbox executa simuladores dos provedores em portas desta máquina, para experimentar: os
signatários assinam sozinhos depois de um tempo, e alguns recusam. Mostra o que outros processos
chancela precisam ter no ambiente para usá-los, e tem na primeira porta uma página com o que ele
contém. Termina quando é interrompido, e esquece tudo.

Falhas são frequências de 0 a 1, em JSON:
  error_before, error_after   500 sem o efeito, ou depois dele
  drop_before, drop_after     a conexão cai sem o efeito, ou depois dele
  too_many                    429 com Retry-After
  slow                        uma resposta dois segundos mais tarde
  cut_body, dead_link         downloads que se interrompem, ou endereços que expiraram cedo

Diferenças são modos em que uma conta real pode agir de outra forma que a sua referência diz, em
JSON: para ver que chancela doctor as indica. São elas
  Clock Forbidden Locked Refused ListLag ContraktorSearchIgnored
  ContraktorTextIDs CertyneoScopes CertyneoDataIDs CertyneoNoCode SDocHeader
  SDocNoCode SDocErrorStatus SDocSecondUse SDocForgets CatalisaPermissions CatalisaFilterIgnored
  CatalisaNoDefault QISignRepeats`,

	"chancela schedule": `Schedule faz o que acontece pelo relógio: manda os processos de trabalho consultarem os envelopes
pendentes, faz renovar endereços de download antes que expirem, e traz de volta cada envelope que
nenhuma tarefa leva adiante. Podem ser executados quantos se quiser; cada período acontece uma
vez. Precisa de CHANCELA_REDIS_URL e não chama nenhum provedor.`,

	"chancela serve": `Serve atende em CHANCELA_HTTP_ADDR: páginas para pessoas em /, a API para outros programas
(/v1/, descrita em /openapi.json), os webhooks dos provedores (/webhooks/PROVIDER), asynqmon
(/monitor/), métricas (/metrics), se está vivo (/healthz) e se está pronto (/readyz). Sem
CHANCELA_API_KEYS (NAME:KEY, ou NAME@PREFIX:KEY para campanhas cujos nomes começam assim;
NAME@:KEY:read só pode ler) só atende num endereço desta própria máquina. Documentos podem ser
indicados pelo endereço num bucket só onde CHANCELA_HTTP_SOURCES (pares NAME=s3://BUCKET/PREFIX)
o permite à chave desse nome. Precisa de CHANCELA_REDIS_URL, e de work e schedule em algum lugar.`,

	"chancela status": `Status mostra o quanto uma campanha avançou: envelopes por situação, quantos terminam por minuto,
e o tempo que falta nesse ritmo. Sem um nome lista todas as campanhas, com horários de CHANCELA_TZ.
Com --watch fica até que todo envelope tenha terminado.`,

	"chancela template": `Template grava uma planilha modelo com as colunas que um provedor usa: as obrigatórias são
marcadas com um asterisco, cada uma é explicada, e uma linha de exemplo mostra como se preenche.
O documento dessa linha é posto ao lado como sample.pdf, para que a planilha passe em check como
está. Um arquivo que já existe não é substituído.`,

	"chancela up": `Up é work, schedule e serve num só processo: do que uma instalação pequena precisa. Atende em
CHANCELA_HTTP_ADDR (127.0.0.1:8080), com páginas para pessoas em /. Endereços que não são desta
máquina exigem CHANCELA_API_KEYS (NAME:KEY), com que pessoas e programas entram. Com chaves de
provedores precisa de CHANCELA_REDIS_URL; sem nenhuma, simula os provedores.`,

	"chancela verify": `Verify lê cada manifesto de uma campanha, ou do arquivo todo, e cada documento pelo qual ele
responde, e compara tamanhos e SHA-256. Só precisa do arquivo; se CHANCELA_REDIS_URL está
definida, verifica também se cada envelope que o registro diz arquivado tem o seu manifesto, com
os mesmos documentos. Cada coisa errada é uma linha, e o status de saída é então 1; também é
quando não há nada a conferir. O que não pôde ser conferido é dito, também: documentos como foram
enviados, e os que não estão em nenhum manifesto. Não grava nada: basta poder ler o arquivo.`,

	"chancela webhooks": `Webhooks mostra as assinaturas de webhook que um provedor tem para a conta. --subscribe cria uma
para CHANCELA_<PROVEDOR>_WEBHOOK_URL e mostra o segredo dela, o que só acontece uma vez: ele deve
ir para CHANCELA_<PROVEDOR>_WEBHOOK_SECRET de cada serve. Dos cinco, Certyneo permite que um
programa faça isso; nos outros, configura-se no portal deles ou pelo suporte.`,

	"chancela work": `Work toma envelopes da fila, envia-os, consulta-os e os arquiva. Podem ser executados quantos se
quiser; o limite de requisições de cada provedor vale para todos juntos. Interrompido, termina as
chamadas que começou e devolve o resto. Precisa de CHANCELA_REDIS_URL, e de um "chancela schedule"
em algum lugar.

CHANCELA_<PROVEDOR>_CONCURRENCY é quantos envelopes um processo convida ou consulta ao mesmo
tempo. Mais a metade disso é arquivada, e mais 4 atendem a comandos: um cancelamento não espera
por milhares de convites.`,
}
