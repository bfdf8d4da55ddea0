package registry

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"want a file with the PEM public key: %v":                      "deve ser um arquivo com a chave pública em PEM: %v",
	"want a file with the PEM public key: it has more than %d KiB": "deve ser um arquivo com a chave pública em PEM: tem mais de %d KiB",
}
