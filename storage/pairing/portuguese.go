package pairing

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"this Redis was used with another archive: the one here has not the line %s in %s":                                                                                             "este Redis foi usado com outro arquivo: o daqui não tem a linha %s em %s",
	"%s holds no id: if this is the archive of this Redis, write there the one line %s":                                                                                            "%s não contém um id: se este é o arquivo deste Redis, escreva ali só a linha %s",
	"%s holds no id, which is one line of letters and digits: put the file back from a copy of the archive, or remove it where there is none, and the next start writes a new one": "%s não contém um id, que é uma linha de letras e dígitos: reponha-o de uma cópia do arquivo, ou apague-o se não há cópia, e o próximo início escreve outro",
	"archive %s: %v": "arquivo %s: %v",
	"reading %s: %v": "ao ler %s: %v",
}
