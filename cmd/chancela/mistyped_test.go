package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// mistypedWords are those of errors that are English and nobody's name for anything.
var mistypedWords = regexp.MustCompile(`\b(the|is|are|of|with|which|that|there|an|not|nothing|nobody|look|needs?|unknown|flag|argument|invalid|syntax|did|you|mean|must|want|file|must|or|and|name|only|given|does|such)\b`)

// quoted is what somebody has typed, or a word of the command line itself.
var quoted = regexp.MustCompile(`"[^"]*"|--[a-z-]+|\{[^}]*\}|/[^ ]*|signer1\.\w+|“[^”]*”|chancela [a-z]+|CHANCELA_\w+`)

// What is typed wrong on any command's line is told in Portuguese: each flag without its value, with
// one that nothing takes, and a flag that is none.
func TestEveryMistypedFlagIsToldInPortuguese(t *testing.T) {
	file := caseFile(t, t.TempDir(), "junho.csv", "id,provider,subject,template,signer1.name,signer1.email\n1,certyneo,S,t1,Ana Souza,ana@example.com\n")
	t.Chdir(t.TempDir()) // a template is written where one stands
	arguments := map[string][]string{"FILE.csv...": {file}, "FILE": {file}, "CAMPAIGN": {"junho"}, "DIR": {filepath.Join(t.TempDir(), "x")}, "ID": {"1"}, "PROVIDER": {"certyneo"}}
	root := newRoot(&system{env: map[string]string{}, language: lang.English})
	var told atomic.Int64
	t.Run("commands", func(t *testing.T) {
		for _, cmd := range root.Commands() {
			if cmd.Name() == "completion" || cmd.Name() == "help" {
				continue
			}
			line := []string{cmd.Name()}
			for _, word := range strings.Fields(cmd.Use)[1:] {
				line = append(line, arguments[word]...)
			}
			for _, wrong := range mistypings(cmd) {
				t.Run(fmt.Sprint(cmd.Name(), wrong), func(t *testing.T) {
					t.Parallel()
					told.Add(toldInPortuguese(t, append(slices.Clone(line), wrong...)))
				})
			}
		}
	})
	if n := told.Load(); n < 100 {
		t.Errorf("only %d mistakes were told", n)
	}
}

// toldInPortuguese is how many mistakes a command line was told, one or none.
func toldInPortuguese(t *testing.T, line []string) int64 {
	t.Helper()
	env := map[string]string{"CHANCELA_LANG": "pt-BR", "CHANCELA_ARCHIVE_URL": filepath.Join(t.TempDir(), "archive")}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r := invokeContext(ctx, env, line...)
	if r.status != exitUsage {
		return 0 // it was no mistake
	}
	for said := range strings.Lines(r.stderr) {
		if english := mistypedWords.FindString(quoted.ReplaceAllString(said, "")); english != "" && !strings.HasPrefix(said, "{") {
			t.Errorf("%s: %q is English: %s", line, english, said)
		}
	}
	return 1
}

func mistypings(cmd *cobra.Command) (all [][]string) {
	all = [][]string{{"--nenhuma"}, {"-x"}, {"--=x"}}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "listen-host" { // a name that nobody has is looked up
			return
		}
		all = append(all, []string{"--" + f.Name + "=@:{nome}"})
		if f.Value.Type() != "bool" {
			all = append(all, []string{"--" + f.Name}, []string{"--" + f.Name + "="})
			if len(f.Name) > 3 {
				all = append(all, []string{"--" + f.Name[:len(f.Name)-1] + "=1"})
			}
		}
	})
	return all
}

func TestAMistypedFlagIsGuessed(t *testing.T) {
	for want, args := range map[string][]string{
		"unknown flag: --windw; did you mean --window?; see chancela run --help": {"run", "june.csv", "--windw", "x"},
		"unknown flag: --nope; see chancela status --help":                       {"status", "--nope"},
		"--window needs a value; see chancela run --help":                        {"run", "june.csv", "--window"},
		`--first: "ten" is not a whole number; see chancela run --help`:          {"run", "june.csv", "--first", "ten"},
	} {
		if r := invoke(t, nil, args...).want(t, exitUsage); r.stderr != "chancela: "+want+"\n" {
			t.Errorf("%s: %s", args, r.stderr)
		}
	}
}

// What is not a flag's mistake is in Portuguese, too.
func TestRefusalsOfCommandsInPortuguese(t *testing.T) {
	unfinished := &ledger.UnfinishedError{Campaign: "june", Open: 2, Failed: 1}
	if said := lang.Portuguese.Say(unfinished); said != "a campanha june não terminou: 2 por enviar ou assinar: cancele-os (cancel) ou espere que terminem; 1 com falha: tente-os de novo (retry)" {
		t.Error(said)
	}
	env := map[string]string{"CHANCELA_LANG": "pt-BR"}
	for want, args := range map[string][]string{
		"; chancela run --report ARQUIVO grava um relatório no fim":                          {"report", "x"},
		"--output: indique um arquivo que termine em .xlsx ou .csv; x.doc não termina assim": {"template", "sdoc", "--output", "x.doc"},
		"--name: {nome} não é conhecido: um nome é feito de texto e de {id}":                 {"download", "x", "y", "--name", "{nome}"},
		"--format ou --json: só uma destas por vez":                                          {"report", "x", "--json", "--format", "csv"},
		"opção desconhecida: --windw; quis dizer --window?":                                  {"run", "x.csv", "--windw"},
	} {
		if r := invoke(t, env, args...).want(t, exitUsage); !strings.Contains(r.stderr, want) {
			t.Errorf("%s: %s", args, r.stderr)
		}
	}
	lines := invoke(t, env, "config").want(t, exitOK).stdout
	if !strings.Contains(lines, "  padrão\n") || !strings.Contains(lines, "  não definida\n") || !strings.Contains(lines, "  ambiente\n") || strings.Contains(lines, "  default\n") {
		t.Error(lines)
	}
	if first := invoke(t, env, "config", "--json").objects(t)[0]; first["source"] != "default" && first["source"] != "environment" && first["source"] != "not set" {
		t.Errorf("programs read %v", first)
	}
}
