package main

import (
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/sandbox"
)

var (
	englishWords   = regexp.MustCompile(`\b(the|is|are|of|with|which|that|there|an|not|nothing|nobody|look|set|give|report|wrong|expected)\b`)
	wordsOfOthers  = regexp.MustCompile(`HTTP \d{3}: [^.;]*|“[^”]*”|/[^\s:]*`) // paths, too: TMPDIR may be any
	unlikeAnything = sandbox.Options{
		Choices: sandbox.Choices{SDocUnregistered: true},
		Differences: sandbox.Differences{Clock: 5 * time.Minute, Forbidden: []string{"certyneo GET /templates"}, ContraktorSearchIgnored: true, ListLag: time.Minute,
			CertyneoScopes: []string{"envelopes:read", "envelopes:write"}, CertyneoDataIDs: true, CertyneoNoCode: true, SDocHeader: "Bearer", SDocErrorStatus: 404,
			CatalisaNoDefault: true, CatalisaPermissions: []string{"ESIGNATURE_READ"}, QISignRepeats: true},
	}
)

// What the doctor finds is in the language of who reads it; for programs it is the same in all.
func TestDoctorSpeaksPortuguese(t *testing.T) {
	redis := redisServer(t, true)
	for name, o := range map[string]sandbox.Options{"nothing wrong": {}, "much wrong": unlikeAnything} {
		o.Simulators, o.Seed = registry.Simulators(), 1
		sb, err := sandbox.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sb.Close() })
		env := sb.Env()
		maps.Copy(env, map[string]string{"CHANCELA_REDIS_URL": redis, "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive"), "CHANCELA_LANG": "pt-BR"})
		lines := invoke(t, env, "doctor", "--draft").stdout
		for line := range strings.Lines(lines) {
			if english := englishWords.FindString(wordsOfOthers.ReplaceAllString(line, "")); english != "" {
				t.Errorf("%s: %q is English: %s", name, english, line)
			}
		}
		if !strings.Contains(lines, "ok     redis: servidor: ") || !strings.Contains(lines, "nota   catalisa: rascunho: nenhum pedido de assinatura é criado") {
			t.Errorf("%s:\n%s", name, lines)
		}
		if strings.Contains(lines, "id 1.0") {
			t.Errorf("%s: an id is written as a number is:\n%s", name, lines)
		}
		machine := invoke(t, env, "doctor", "--json").objects(t)[0]
		if machine["subject"] != "redis" || machine["check"] != "server" || !strings.Contains(machine["answer"].(string), " answers and takes writes") || machine["cure"] != nil {
			t.Errorf("%s: JSON: %v", name, machine)
		}
	}
}
