package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyCommand are all, with those that cobra adds when the program runs.
func everyCommand() []*cobra.Command {
	root := newRoot(&system{})
	root.InitDefaultCompletionCmd()
	var all []*cobra.Command
	var add func(*cobra.Command)
	add = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
		all = append(all, cmd)
		for _, below := range cmd.Commands() {
			add(below)
		}
	}
	add(root)
	return all
}

// TestHelpIsTranslated finds what a help would say in English among Portuguese words, and what is
// translated and said no more.
func TestHelpIsTranslated(t *testing.T) {
	said := map[string]bool{}
	short := func(where, english string) {
		said[english] = true
		if english != "" && helpInPortuguese[english] == "" {
			t.Errorf("%s: no translation of %q", where, english)
		}
	}
	long := map[string]bool{}
	for _, cmd := range everyCommand() {
		path := cmd.CommandPath()
		short(path, cmd.Short)
		if cmd.Runnable() && cmd.UseLine() != path {
			short(path, cmd.UseLine())
		}
		for _, group := range cmd.Groups() {
			short(path, group.Title)
		}
		if !cmd.HasParent() {
			short(path, cmd.Example)
		}
		if long[path] = true; cmd.Long != "" && longHelpInPortuguese[path] == "" {
			t.Errorf("%s: no translation of its long text", path)
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if said[f.Usage] = true; flagInPortuguese(f) == f.Usage && !strings.HasPrefix(f.Usage, "csv, ") && !strings.HasPrefix(f.Usage, "xlsx, ") {
				t.Errorf("%s --%s: no translation of %q", path, f.Name, f.Usage)
			}
		})
	}
	for _, name := range argumentNames {
		short("argumentNames", name)
	}
	for english := range helpInPortuguese {
		if !said[english] {
			t.Errorf("nothing says %q", english)
		}
	}
	for path := range longHelpInPortuguese {
		if !long[path] {
			t.Errorf("there is no %s", path)
		}
	}
}

// named is what a program reads, and what is therefore the same in all languages.
var named = regexp.MustCompile(`CHANCELA_[A-Z_]+|--[a-z-]+|\{[a-zA-Z.{]+\}+|/[a-z0-9]+|[a-z]+_[a-z_]+|[A-Z]?[a-z]+[A-Z][A-Za-z]+|\b[0-9][0-9,.]*[0-9]\b|\.[a-z]{3,4}\b`)

// TestHelpNamesTheSame compares the variables, flags, addresses and numbers of both languages: a
// help that is changed in one alone is found.
func TestHelpNamesTheSame(t *testing.T) {
	names := func(text string) []string {
		all := named.FindAllString(strings.ReplaceAll(text, "5.000", "5,000"), -1)
		slices.Sort(all)
		return slices.Compact(all)
	}
	compare := func(english, portuguese string) {
		if a, b := names(english), names(portuguese); !slices.Equal(a, b) {
			t.Errorf("%.60q names\n%q and in Portuguese\n%q", english, a, b)
		}
	}
	for english, portuguese := range helpInPortuguese {
		compare(english, portuguese)
	}
	for _, cmd := range everyCommand() {
		compare(cmd.Long, longHelpInPortuguese[cmd.CommandPath()])
	}
	compare(exitStatus, exitStatusInPortuguese)
}

func TestHelpInPortuguese(t *testing.T) {
	portuguese := map[string]string{"CHANCELA_LANG": "pt-BR"}
	golden(t, "help-pt", invoke(t, portuguese, "--help").want(t, exitOK).stdout)
	golden(t, "help-pt-run", invoke(t, map[string]string{"LANG": "pt_BR.UTF-8"}, "help", "run").want(t, exitOK).stdout)
	golden(t, "help-pt-sandbox", invoke(t, portuguese, "sandbox", "--help").want(t, exitOK).stdout)
	english := regexp.MustCompile(`Usage:|Flags:|Examples:|Commands:|\[flags\]|\bhelp for|\bdefault\b|\bstring\b|EXIT STATUS|\b(the|of|with|and)\b`)
	for _, cmd := range everyCommand() {
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		help := invoke(t, portuguese, args...).want(t, exitOK).stdout
		if word := english.FindString(help); word != "" {
			t.Errorf("%v says %q", args, word)
		}
		prose, _, _ := strings.Cut(help, "\nUso:")
		for line := range strings.Lines(prose) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
				t.Errorf("%v: %d columns: %s", args, n, line)
			}
		}
	}
	missing := invoke(t, portuguese, "pause").want(t, exitUsage).stderr
	if want := "chancela: pause: indique uma campanha; uso: chancela pause CAMPANHA [opções]\n"; missing != want {
		t.Errorf("%q, want %q", missing, want)
	}
}
