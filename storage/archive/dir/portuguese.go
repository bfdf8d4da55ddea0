package dir

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"%v: folder %s was removed, moved or mounted anew while it was in use: bring it back, and start again": "%v: a pasta %s foi removida, movida ou montada de novo durante o uso: traga-a de volta, e inicie de novo",
	"%v: folder %s: %v":                                            "%v: pasta %s: %v",
	"%v: folder %s: %v: %v":                                        "%v: pasta %s: %v: %v",
	"archive folder %s cannot be made: %v":                         "a pasta do arquivo %s não pode ser criada: %v",
	"archive folder %s cannot be opened: %v":                       "a pasta do arquivo %s não pode ser aberta: %v",
	"archive folder %s is on a file system without hard links: %v": "a pasta do arquivo %s está num sistema de arquivos sem hard links: %v",
	"archive folder: %v":                                           "pasta do arquivo: %v",
	"it cannot be written to: see to its owner, its mode and how its disk is mounted": "não é possível gravar nela: verifique o dono, as permissões e como o disco está montado",
	"its disk is full: make room":       "o disco está cheio: libere espaço",
	"there is no archive folder %s: %v": "não há a pasta do arquivo %s: %v",
}
