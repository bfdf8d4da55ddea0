package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What storage refuses at the start is said in the reader's language; only what a server or the
// system has said itself is quoted as it is.
func TestStorageRefusesInPortuguese(t *testing.T) {
	answering := func(status int, code string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>the server's own words</Message></Error>")
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "anybody")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "anything")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ archive, redis, endpoint, says string }{
		"folder in a file": {archive: file + "/archive", says: "a pasta do arquivo " + file + "/archive não pode ser criada"},
		"bucket's form":    {archive: "s3:/documents", says: "provavelmente se quis dizer s3://documents; uma pasta com esse nome é ./s3:/documents"},
		"bucket's name":    {archive: "s3://My_Bucket", says: `nenhum bucket tem o nome "My_Bucket"`},
		"another scheme":   {archive: "gs://bucket", says: `o esquema "gs" não é conhecido`},
		"no bucket there":  {archive: "s3://documents", endpoint: answering(http.StatusNotFound, "NoSuchBucket"), says: "o bucket documents não existe"},
		"no right":         {archive: "s3://documents", endpoint: answering(http.StatusForbidden, "AccessDenied"), says: "o bucket documents recusa PutObject: as credenciais precisam de s3:PutObject em arn:aws:s3:::documents/*"},
		"a wrong key":      {archive: "s3://documents", endpoint: answering(http.StatusForbidden, "SignatureDoesNotMatch"), says: "o bucket documents recusa as credenciais"},
		"nobody answers":   {archive: "s3://documents", endpoint: "http://127.0.0.1:1", says: "o servidor S3 não responde"},
		"not a local path": {archive: filepath.Join(t.TempDir(), "archive"), redis: "local:" + filepath.Dir(file), says: "indique uma pasta só para ele"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL_S3", c.endpoint)
			env := map[string]string{"CHANCELA_SIMULATE": "yes", "CHANCELA_ARCHIVE_URL": c.archive, "CHANCELA_REDIS_URL": c.redis, "CHANCELA_LANG": "pt-BR"}
			for _, command := range [][]string{{"doctor"}, {"run", samples + "/campaign.csv"}} {
				r := invoke(t, env, command...)
				said := r.stdout + r.stderr
				if r.status == exitOK || !strings.Contains(said, c.says) {
					t.Errorf("%s: exit %d, want %q in:\n%s", command[0], r.status, c.says, said)
				}
				if english := englishWords.FindString(wordsOfOthers.ReplaceAllString(said, "")); english != "" {
					t.Errorf("%s: %q is English:\n%s", command[0], english, said)
				}
			}
		})
	}
}
