package api

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"%s is not among the uploaded files: choose it, too": "%s não está entre os arquivos enviados: escolha-o também",
}
