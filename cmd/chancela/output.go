package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers/lang"
)

// What a command says is text for people or, with --json, objects for programs. Then
// standard output carries one object a line, each with its type, and nothing else; the
// last one has the type result: what the command has come to, its exit status, and the
// error if there is one. Logs and progress stay on standard error.

// resultType is the type of the last object.
const resultType = "result"

// inJSON gives commands the flag --json.
func (s *system) inJSON(commands ...*cobra.Command) []*cobra.Command {
	for _, cmd := range commands {
		cmd.Flags().BoolVar(&s.json, "json", false, `one object a line, each with its "type"; the last one is the "result"`)
		cmd.Annotations = map[string]string{"json": "lines"}
	}
	return commands
}

// tell says something that the command is asked for.
func (s *system) tell(kind string, object any, text lang.Sayer) { s.say(s.stdout, kind, object, text) }

// note says something by the way, which people read on standard error.
func (s *system) note(kind string, object any, text lang.Sayer) { s.say(s.stderr, kind, object, text) }

func (s *system) say(people io.Writer, kind string, object any, text lang.Sayer) {
	if s.json {
		s.print(kind, object)
		return
	}
	said := s.language.Say(text)
	if people == s.stdout {
		said = fitted(said, s.width())
	}
	fmt.Fprintln(people, said)
}

// error is an error in one line, for people, or in one for each of several mistakes.
func (s *system) error(err error) string {
	var lines []string
	if e, ok := errors.AsType[*exitErr](err); ok {
		for _, mistake := range e.each {
			lines = append(lines, strings.Join(strings.Fields(s.language.Say(mistake)), " "))
		}
	}
	if len(lines) == 0 {
		return strings.Join(strings.Fields(s.language.Say(err)), " ")
	}
	return strings.Join(lines, "\n")
}

// come says what the command has come to: a line for people now, and for programs the
// fields of the result. Without a text people are told nothing.
func (s *system) come(result any, text lang.Text) {
	s.outcome = result
	if !s.json && !text.IsZero() {
		s.line(text)
	}
}

// failure is the error in a result.
type failure struct {
	Code    string `json:"code"` // usage, interrupted or error, as the exit status
	Message string `json:"message"`
}

// close prints the result of a command that was asked for JSON: also when its arguments
// were not understood, which may be the reason why the flag was not seen.
func (s *system) close(cmd *cobra.Command, args []string, status int, message string) {
	if !s.begun && status != exitOK && cmd != nil && cmd.Annotations["json"] != "" {
		s.json = s.json || slices.Contains(args, "--json")
	}
	if !s.json || !s.begun && status == exitOK { // a help text
		return
	}
	end := struct {
		Exit  int      `json:"exit"`
		Error *failure `json:"error,omitempty"`
	}{Exit: status}
	if message != "" {
		end.Error = &failure{map[int]string{exitUsage: "usage", exitInterrupted: "interrupted"}[status], message}
		if end.Error.Code == "" {
			end.Error.Code = "error"
		}
	}
	s.print(resultType, s.outcome, end)
}

// print writes one object with the fields of some structs or maps.
func (s *system) print(kind string, objects ...any) {
	line := fmt.Appendf(nil, `{"type":%q`, kind)
	for _, o := range objects {
		b, err := json.Marshal(o)
		if err != nil {
			fmt.Fprintf(s.stderr, "chancela: %s: %v\n", kind, err)
			continue
		}
		if len(b) > len("{}") && b[0] == '{' { // null has no fields
			line = append(append(line, ','), b[1:len(b)-1]...)
		}
	}
	_, _ = s.stdout.Write(append(line, '}', '\n')) // as for people: a closed pipe does not end the work
}
