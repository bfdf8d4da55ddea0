package storage

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"; a folder of that name is ./%s": "; uma pasta com esse nome é ./%s",
	"archive address: no bucket has the name %q: want 3 to 63 lower-case letters, digits, dots and hyphens":                    "endereço do arquivo: nenhum bucket tem o nome %q: são de 3 a 63 letras minúsculas, dígitos, pontos e hífens",
	"archive address: s3://%s is probably meant%v":                                                                             "endereço do arquivo: provavelmente se quis dizer s3://%s%v",
	"archive address: scheme %q is not known; want a folder or s3://bucket/prefix":                                             "endereço do arquivo: o esquema %q não é conhecido; indique uma pasta ou s3://bucket/prefixo",
	"archive address: the character U+%04X stands at byte %d of %d: a line end or another invisible character has got into it": "endereço do arquivo: o caractere U+%04X está no byte %d de %d: entrou nele um fim de linha ou outro caractere invisível",
	"archive address: want a folder or s3://bucket/prefix%v":                                                                   "endereço do arquivo: indique uma pasta ou s3://bucket/prefixo%v",
	"archive address: want s3://bucket/prefix, not a bucket's host name; the region comes from AWS_REGION%v":                   "endereço do arquivo: indique s3://bucket/prefixo, não o nome de host de um bucket; a região vem de AWS_REGION%v",
	"no archive; want a folder or s3://bucket/prefix":                                                                          "falta o arquivo; indique uma pasta ou s3://bucket/prefixo",
	"archive address: no bucket; want s3://bucket/prefix":                                                                      "endereço do arquivo: falta o bucket; escreva s3://bucket/prefixo",
	"archive address: want s3://bucket/prefix without user, port or parameters; credentials, region and endpoint come from AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL_S3 and the like": "endereço do arquivo: escreva s3://bucket/prefixo sem usuário, porta nem parâmetros; credenciais, região e endpoint vêm de AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL_S3 e semelhantes",
	"archive address: a blank stands at its beginning or end":                                        "endereço do arquivo: há um espaço no começo ou no fim",
	"archive address: it stands in quotation marks: leave them out":                                  "endereço do arquivo: está entre aspas: tire-as",
	"archive address: a variable in it has not been filled in: only a shell does that":               "endereço do arquivo: há nele uma variável não preenchida: só um shell faz isso",
	"archive address: only a shell knows what ~ is: write the folder out, such as /home/ana/archive": "endereço do arquivo: só um shell sabe o que é ~: escreva a pasta por inteiro, como /home/ana/archive",
	"archive address: that is a folder of Windows; want one of this system, such as /srv/archive":    "endereço do arquivo: essa é uma pasta do Windows; escreva uma deste sistema, como /srv/archive",
}
