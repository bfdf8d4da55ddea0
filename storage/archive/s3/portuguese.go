package s3

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"the archive's S3 server does not know If-None-Match: create-only is kept by looking before and after each upload, and two writers of one file at the same moment can replace each other's": "o servidor S3 do arquivo não conhece If-None-Match: que nada seja substituído é garantido olhando antes e depois de cada envio, e dois que gravam um arquivo no mesmo instante podem substituir o do outro",
	"uploads to the archive go without x-amz-checksum-sha256 (AWS_REQUEST_CHECKSUM_CALCULATION): what has arrived is judged by its size and ETag":                                               "os envios ao arquivo vão sem x-amz-checksum-sha256 (AWS_REQUEST_CHECKSUM_CALCULATION): o que chegou é conferido pelo tamanho e pelo ETag",

	"%d bytes are more than the %d that one upload to S3 takes": "%d bytes são mais do que os %d que um envio ao S3 aceita",
	"%s on %s": "%s em %s",
	"%v (if the server does not know x-amz-checksum-mode, set AWS_RESPONSE_CHECKSUM_VALIDATION=when_required)": "%v (se o servidor não conhece x-amz-checksum-mode, defina AWS_RESPONSE_CHECKSUM_VALIDATION=when_required)",
	"%v: %d of %d bytes are there":     "%v: estão lá %d de %d bytes",
	"%v: an object is in the way (%v)": "%v: um objeto está no caminho (%v)",
	"%v: bucket %s: %v":                "%v: bucket %s: %v",
	"%v: it is not there":              "%v: não está lá",
	"%v: other bytes are there":        "%v: estão lá outros bytes",
	"%v: the object there has another ETag than the one that was written": "%v: o objeto ali tem outro ETag do que o que foi gravado",
	"archive %s cannot be used: %v":                                       "o arquivo %s não pode ser usado: %v",
	"archive %s: an address can live from a second to %s, not %s":         "arquivo %s: um endereço pode valer de um segundo a %s, não %s",
	"archive key %q: is longer than %d bytes with the prefix %q":          "chave do arquivo %q: tem mais de %d bytes com o prefixo %q",
	"archive: %v":                           "arquivo: %v",
	"archive: bucket %s does not exist: %v": "arquivo: o bucket %s não existe: %v",
	"archive: no AWS credentials":           "arquivo: faltam as credenciais da AWS",
	"archive: no AWS credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role): %v": "arquivo: faltam as credenciais da AWS (AWS_ACCESS_KEY_ID e AWS_SECRET_ACCESS_KEY, um perfil ou uma função): %v",
	"archive: no bucket; want s3://bucket/prefix":                                                        "arquivo: falta o bucket; indique s3://bucket/prefixo",
	"archive: no room for temporary files: %v":                                                           "arquivo: não há espaço para arquivos temporários: %v",
	"AWS configuration: %v":                                                                              "configuração da AWS: %v",
	"bucket %s does not exist: %v":                                                                       "o bucket %s não existe: %v",
	"bucket %s is in another region than %s (AWS_REGION): %v":                                            "o bucket %s está em outra região que não %s (AWS_REGION): %v",
	"bucket %s refuses %s: the credentials need %v: %v":                                                  "o bucket %s recusa %s: as credenciais precisam de %v: %v",
	"bucket %s refuses the credentials: %v":                                                              "o bucket %s recusa as credenciais: %v",
	"documents in S3: %v":                                                                                "documentos no S3: %v",
	"list archive: %v":                                                                                   "listar o arquivo: %v",
	"no region; set AWS_REGION, or AWS_ENDPOINT_URL_S3 for a server of your own":                         "falta a região; defina AWS_REGION, ou AWS_ENDPOINT_URL_S3 para um servidor seu",
	"S3 cannot be asked: no AWS credentials, or no endpoint":                                             "não se pode perguntar ao S3: faltam as credenciais da AWS, ou o endpoint",
	"the bucket wants every upload to ask for encryption: set CHANCELA_S3_SSE=%s: %v":                    "o bucket exige que todo envio peça criptografia: defina CHANCELA_S3_SSE=%s: %v",
	"the S3 server cannot answer now: try again":                                                         "o servidor S3 não pode responder agora: tente de novo",
	"the S3 server does not answer":                                                                      "o servidor S3 não responde",
	"the S3 server does not answer: %v":                                                                  "o servidor S3 não responde: %v",
	"the S3 server's certificate is of no authority that is trusted here: name the authority's own in CHANCELA_CA_FILE or AWS_CA_BUNDLE: %v":              "o certificado do servidor S3 não é de uma autoridade em que se confie aqui: indique o certificado da autoridade em CHANCELA_CA_FILE ou AWS_CA_BUNDLE: %v",
	"the server lacks something that the archive needs, such as checksums: %v":                                                                            "falta ao servidor algo de que o arquivo precisa, como checksums: %v",
	"the server refuses x-amz-checksum-sha256: set AWS_REQUEST_CHECKSUM_CALCULATION=when_required and AWS_RESPONSE_CHECKSUM_VALIDATION=when_required: %v": "o servidor recusa x-amz-checksum-sha256: defina AWS_REQUEST_CHECKSUM_CALCULATION=when_required e AWS_RESPONSE_CHECKSUM_VALIDATION=when_required: %v",
	"the server says that the key is taken, and that nothing is there (a write that it began and did not end?); take it away there: %v":                   "o servidor diz que a chave está ocupada, e que não há nada lá (uma gravação que ele começou e não terminou?); retire-a ali: %v",
	"this machine's clock differs from the S3 server's: %v":                                                                                               "o relógio desta máquina difere do relógio do servidor S3: %v",
}
