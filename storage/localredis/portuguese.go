package localredis

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"%s cannot be locked: %v; name a folder on a disk of this machine":                                      "%s não pode ser travado: %v; indique uma pasta num disco desta máquina",
	"%s is too long for a socket: set TMPDIR to a shorter path":                                             "%s é longo demais para um socket: defina em TMPDIR um caminho mais curto",
	"a server lives in %s and does not answer: end that redis-server, and start again: %v":                  "um servidor vive em %s e não responde: encerre esse redis-server, e inicie de novo: %v",
	"is for Linux and macOS: name a Redis by redis://":                                                      "é para Linux e macOS: indique um Redis por redis://",
	"local redis: %s is not empty, and no local Redis was there before: name a folder that is for it alone": "redis local: %s não está vazia, e não havia ali um Redis local: indique uma pasta só para ele",
	"local redis: %v":                                  "redis local: %v",
	"redis-server cannot be started: %v":               "não é possível iniciar o redis-server: %v",
	"redis-server does not stay up: see the end of %s": "o redis-server não fica de pé: veja o fim de %s",
	"there is no redis-server on the PATH: install it (apt-get install redis-server, brew install redis), or name a Redis in another way": "não há redis-server no PATH: instale-o (apt-get install redis-server, brew install redis), ou indique um Redis de outra forma",
	"want local:PATH, the folder where Redis keeps its data":                                                                              "deve ser local:PASTA, a pasta em que o Redis guarda os dados",
	"want local:PATH without // in front, as in local:redis or local:/home/me/redis":                                                      "deve ser local:PASTA sem // antes, como em local:redis ou local:/home/eu/redis",
	"a path that begins with ~ is the shell's: write the whole path, as in local:/home/me/redis":                                          "um caminho que começa com ~ é do shell: escreva o caminho inteiro, como em local:/home/eu/redis",
	"the path of a folder has no control characters":                                                                                      "o caminho de uma pasta não tem caracteres de controle",
}
