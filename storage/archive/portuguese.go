package archive

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"%v: it is full":                           "%v: está cheio",
	"archive key %q: %v":                       "chave do arquivo %q: %v",
	"has a segment of more than %d bytes":      "tem um segmento de mais de %d bytes",
	"holds a backslash or a control character": "tem uma barra invertida ou um caractere de controle",
	"is empty":                                            "está vazio",
	"is in the archive's own folder %s":                   "está na pasta própria do arquivo %s",
	"is longer than %d bytes":                             "tem mais de %d bytes",
	"is not a clean relative path (segment %q)":           "não é um caminho relativo limpo (segmento %q)",
	"is not UTF-8":                                        "não é UTF-8",
	"not in the archive":                                  "não está no arquivo",
	"the archive cannot be used now":                      "o arquivo não pode ser usado agora",
	"the archive does not have what it said it has taken": "o arquivo não tem o que disse ter aceitado",
	"the archive holds other content under this key":      "o arquivo tem outro conteúdo nesta chave",
}
