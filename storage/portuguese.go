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
}
