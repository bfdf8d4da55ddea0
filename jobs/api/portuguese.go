package api

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"must be a folder that the parts' file names begin with, such as contracts": "precisa ser uma pasta com que os nomes das partes começam, como contratos",
	"must be a number of envelopes, from 1 to %d":                               "precisa ser um número de envelopes, de 1 a %d",
	"%s is not among the uploaded files: choose it, too":                        "%s não está entre os arquivos enviados: escolha-o também",
}
