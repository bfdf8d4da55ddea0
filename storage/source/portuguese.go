package source

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"%q is not of the form s3://bucket or s3://bucket/folder":                                                                  "%q não tem a forma s3://bucket ou s3://bucket/pasta",
	"%v, and its key must be a plain one: without \"//\", \".\" or \"..\" between slashes, backslashes and control characters": "%v, e a chave deve ser simples: sem \"//\", \".\" ou \"..\" entre barras, sem barras invertidas nem caracteres de controle",
	"%v, with the bucket's own name: 3 to 63 lower-case letters, digits, dots and hyphens":                                     "%v, com o nome do próprio bucket: de 3 a 63 letras minúsculas, dígitos, pontos e hífens",
	"is in the archive's own place, which is no source of documents":                                                           "está no lugar do próprio arquivo, que não é fonte de documentos",
	"is not below a place from which documents may be taken: send the file itself":                                             "não está num lugar de onde se podem tirar documentos: envie o próprio arquivo",
	"there is no such object, or it may not be read from here":                                                                 "não há tal objeto, ou ele não pode ser lido daqui",
}
