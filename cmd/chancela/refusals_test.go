package main

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/providers/sandbox"
)

// TestRefusalsInPortuguese: what is wrong with the configuration is said in one language, and no
// part of it as the quoted words of somebody else.
func TestRefusalsInPortuguese(t *testing.T) {
	for _, c := range []struct{ name, value, says string }{
		{"CHANCELA_SDCO_RATE", "1/1s", "CHANCELA_SDCO_RATE não é conhecida: quis dizer CHANCELA_SDOC_RATE? Corrija o nome, ou retire-a"},
		{"CHANCELA_NOTIFY_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "CHANCELA_NOTIFY_SECRET está definida, e CHANCELA_NOTIFY_URL não"},
		{"CHANCELA_SDOC_ENV", "production", "CHANCELA_SDOC_ENV=production está definida, e CHANCELA_SDOC_API_KEY não: defina a chave, ou retire as duas"},
		{"CHANCELA_CERTYNEO_API_KEY", "sk_live_0123456789abcdef", "CHANCELA_CERTYNEO_ENV=sandbox, e CHANCELA_CERTYNEO_API_KEY é uma chave de production: as duas devem ser do mesmo ambiente"},
		{"CHANCELA_SDOC_API_KEY", "abcdef0123456789", "sdoc tem um só ambiente, o real: defina CHANCELA_SDOC_ENV=production"},
		{"CHANCELA_API_KEYS", "crm", "CHANCELA_API_KEYS: a chave de API 1 não tem a forma NAME:KEY ou NAME@PREFIX:KEY"},
		{"CHANCELA_API_KEYS", "crm:", "CHANCELA_API_KEYS: "},
		{"CHANCELA_HTTP_SOURCES", "crm", "CHANCELA_HTTP_SOURCES: escreva pares da forma NAME=s3://BUCKET/PREFIX, separados por vírgulas"},
		{"CHANCELA_HTTP_SOURCES", "crm=s3://contracts", `CHANCELA_HTTP_SOURCES: não há chave de API com o nome "crm"`},
		{"CHANCELA_ARCHIVE_URL", "s3://", "CHANCELA_ARCHIVE_URL: endereço do arquivo: falta o bucket; escreva s3://bucket/prefixo"},
		{"CHANCELA_ARCHIVE_URL", "~/archive", "CHANCELA_ARCHIVE_URL: endereço do arquivo: só um shell sabe o que é ~"},
		{"CHANCELA_ARCHIVE_URL", "$HOME/archive", "CHANCELA_ARCHIVE_URL: endereço do arquivo: há nele uma variável não preenchida"},
		{"CHANCELA_REDIS_URL", "redis://ana@localhost:6379", "CHANCELA_REDIS_URL: endereço do Redis: há um usuário e nenhuma senha antes do @"},
		{"CHANCELA_REDIS_URL", "local:~/redis", "CHANCELA_REDIS_URL: um caminho que começa com ~ é do shell"},
		{"CHANCELA_S3_SSE", "AES", "CHANCELA_S3_SSE: escreva AES256"},
	} {
		r := invoke(t, map[string]string{"CHANCELA_LANG": "pt-BR", c.name: c.value}, "status").want(t, exitUsage)
		if !strings.HasPrefix(r.stderr, "chancela: "+c.says) || strings.Contains(r.stderr, "“") {
			t.Errorf("%s=%s: want %q, and no words of others: %s", c.name, c.value, c.says, r.stderr)
		}
	}
}

// TestDestinationsInPortuguese: the first line of a run says what signatures are worth.
func TestDestinationsInPortuguese(t *testing.T) {
	for _, p := range registry.All() {
		note := p.Environments.SandboxNote
		d := rest.Destination{Host: "example.com", Note: note}
		if said := lang.Portuguese.Say(d); note != "" && strings.Contains(said, note) || !strings.Contains(said, "não têm validade jurídica") {
			t.Errorf("%s: %s", p.Name, said)
		}
	}
}

// TestSimulatorsAreSaidOnce: five of them are one short line, and nothing repeats it.
func TestSimulatorsAreSaidOnce(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Simulators: registry.Simulators(), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	env := sb.Env()
	maps.Copy(env, map[string]string{"CHANCELA_REDIS_URL": redisServer(t, true), "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")})
	const said = "contraktor, certyneo, sdoc, catalisa, qisign go to simulators at 127.0.0.1 (nothing is signed)\n"
	wrong := caseFile(t, t.TempDir(), "june.csv", "id,provider\n1,sdoc\n")
	for _, args := range [][]string{{"doctor"}, {"check", wrong}, {"run", wrong}} {
		r := invokeContext(t.Context(), env, args...)
		if !strings.HasPrefix(r.stderr, said) || strings.Count(r.stderr, "nothing is signed") != 1 {
			t.Errorf("%s: %s", args, r.stderr)
		}
	}
}
