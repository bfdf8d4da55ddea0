package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chancela/chancela/providers/lang"
)

// helpTemplate is a help text but for the block of exit statuses.
const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}`

// speakPortuguese puts the help of all commands into Portuguese. It waits until a help is asked
// for: cobra adds its own commands and flags only then.
func speakPortuguese(root *cobra.Command) {
	root.SetHelpTemplate(helpTemplate + exitStatusInPortuguese + "\n")
	root.SetUsageTemplate(usageInPortuguese)
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		translateHelp(cmd.Root())
		show(cmd, args)
	})
}

// translateHelp replaces what stands in a command itself, and in those below it.
func translateHelp(cmd *cobra.Command) {
	for _, group := range cmd.Groups() {
		group.Title = inPortuguese(group.Title)
	}
	cmd.Short, cmd.Example = inPortuguese(cmd.Short), inPortuguese(cmd.Example)
	if long := longHelpInPortuguese[cmd.CommandPath()]; long != "" {
		cmd.Long = long
	}
	for _, below := range cmd.Commands() {
		translateHelp(below)
	}
}

// inPortuguese is a text of the help in Portuguese, or itself where it is the same in both.
func inPortuguese(text string) string {
	if words := helpInPortuguese[text]; words != "" {
		return words
	}
	return text
}

// useLine is how a command is called, for people.
func useLine(cmd *cobra.Command) lang.Text {
	line := cmd.UseLine()
	if helpInPortuguese[line] == "" {
		return lang.Plain(line)
	}
	return lang.Of(line)
}

func init() {
	lang.Translate(helpInPortuguese)
	cobra.AddTemplateFunc("inPortuguese", inPortuguese)
	cobra.AddTemplateFunc("flagsInPortuguese", flagsInPortuguese)
}

// flagsInPortuguese are the lines of flags. They are made of copies: the flags themselves are as
// their commands have made them.
func flagsInPortuguese(flags *pflag.FlagSet) string {
	var copies pflag.FlagSet
	copies.SortFlags = flags.SortFlags
	flags.VisitAll(func(f *pflag.Flag) {
		c := *f
		c.Usage = flagInPortuguese(f)
		c.Value, c.DefValue = placeholder{f.Value}, ""
		if zero := f.DefValue == "" || f.DefValue == "0" || f.DefValue == "[]" || f.DefValue == "false"; !zero {
			value := f.DefValue
			if f.Value.Type() == "string" {
				value = strconv.Quote(value)
			}
			c.Usage += " (padrão: " + value + ")"
		}
		copies.AddFlag(&c)
	})
	return copies.FlagUsages()
}

// flagInPortuguese is what a flag does. Cobra's own two name their command.
func flagInPortuguese(f *pflag.Flag) string {
	for english, portuguese := range map[string]string{"help for ": "ajuda de ", "version for ": "versão de "} {
		if name, own := strings.CutPrefix(f.Usage, english); own {
			return portuguese + name
		}
	}
	return inPortuguese(f.Usage)
}

// placeholder is a flag's value that names its type in Portuguese, without accents: the columns of
// a help are counted in bytes.
type placeholder struct{ pflag.Value }

func (p placeholder) Type() string {
	switch t := p.Value.Type(); t {
	case "string":
		return "texto"
	case "stringArray", "stringSlice":
		return "textos"
	case "int", "uint", "uint64":
		return "N"
	case "duration":
		return "tempo"
	default:
		return t
	}
}

// usageInPortuguese is cobra's own template with Portuguese words.
const usageInPortuguese = `Uso:{{if .Runnable}}
  {{inPortuguese .UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [comando]{{end}}{{if .HasExample}}

Exemplos:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if eq (len .Groups) 0}}

Comandos:{{range $cmds}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{else}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help")))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Opções:
{{flagsInPortuguese .LocalFlags | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

"{{.CommandPath}} [comando] --help" diz mais sobre um comando.{{end}}
`

const exitStatusInPortuguese = `
STATUS DE SAÍDA
  0    feito, e nada está errado
  1    um erro
  2    uso ou configuração errados, ou entrada inválida: nada dela foi posto na fila
  3    o trabalho acabou, e algum envelope terminou em situação diferente de arquivado, ou alguma linha ficou de fora
  130  interrompido; o que foi feito fica`
