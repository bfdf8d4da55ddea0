package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
)

// A help is as wide as the terminal, up to what is still read with ease; elsewhere it is as wide as
// terminals are at least.
const (
	plainWidth  = 80
	widestHelp  = 100
	leastColumn = 24 // of what stands beside a name
)

// fitHelps makes the helps of all commands fit the terminal.
func (s *system) fitHelps(root *cobra.Command) {
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		out := cmd.OutOrStdout()
		var text bytes.Buffer
		cmd.SetOut(&text)
		show(cmd, args)
		cmd.SetOut(out)
		_, _ = io.WriteString(out, fitHelp(text.String(), s.width()))
	})
}

// fitHelp breaks a help's lines: those that begin at the margin are paragraphs, and flow; what is
// indented keeps its lines, and goes on below where it says what a name means.
func fitHelp(text string, width int) string {
	if width <= 0 {
		width = plainWidth
	}
	width = min(width, widestHelp)
	var out, paragraph []string
	flow := func() {
		if len(paragraph) > 0 {
			out = append(out, fitted(strings.Join(paragraph, " "), width))
		}
		paragraph = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && !strings.ContainsAny(line[:1], " \t") {
			paragraph = append(paragraph, line)
			continue
		}
		flow()
		out = append(out, hanging(line, width))
	}
	flow()
	return strings.Join(out, "\n")
}

// beside is a name with the blanks up to what it means.
var beside = regexp.MustCompile(`^ +\S+(?: \S+)* {2,}`)

// hanging breaks an indented line, whose rest is indented further.
func hanging(line string, width int) string {
	if strings.HasPrefix(line, "\t") || ansi.StringWidth(line) <= width {
		return line
	}
	name := beside.FindString(line)
	if name == "" && strings.HasPrefix(line, "  chancela ") && !strings.Contains(line, " {") && !strings.Contains(line, " [") {
		return line // an example, which is copied
	}
	indent := ansi.StringWidth(name)
	if name == "" || indent > width-leastColumn {
		name = line[:len(line)-len(strings.TrimLeft(line, " "))]
		indent = len(name) + 2
	}
	return name + strings.ReplaceAll(fitted(line[len(name):], width-indent), "\n", "\n"+strings.Repeat(" ", indent))
}
