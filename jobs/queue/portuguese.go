package queue

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"redis address: there is a user and no password before the @; a password alone is :password@": "endereço do Redis: há um usuário e nenhuma senha antes do @; só uma senha é :senha@",
	"redis address: it begins with redis:// or rediss://, as in redis://localhost:6379/0":         "endereço do Redis: começa com redis:// ou rediss://, como em redis://localhost:6379/0",
}
