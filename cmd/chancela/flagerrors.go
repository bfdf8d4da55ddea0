package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/chancela/chancela/providers/lang"
)

// flagError says in our words what is wrong with a flag, as cobra found it.
func flagError(cmd *cobra.Command, err error) error {
	return usage("%v; see %s --help", flagMistake(cmd, err), cmd.CommandPath())
}

func flagMistake(cmd *cobra.Command, err error) lang.Text {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if unknown.GetSpecifiedShortnames() != "" {
			return lang.Of("unknown flag: %s", "-"+unknown.GetSpecifiedName())
		}
		name := unknown.GetSpecifiedName()
		if like := nearFlag(cmd, name); like != "" {
			return lang.Of("unknown flag: %s; did you mean %s?", "--"+name, "--"+like)
		}
		return lang.Of("unknown flag: %s", "--"+name)
	}
	if empty, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return lang.Of("--%s needs a value", empty.GetFlag().Name)
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := wrong.GetFlag()
		want, known := flagValues[flag.Value.Type()]
		if !known {
			return lang.Of("--%s: %v", flag.Name, errors.Unwrap(wrong))
		}
		return lang.Of("--%s: %q is not %v", flag.Name, wrong.GetValue(), want)
	}
	if bad, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return lang.Of("%q is no flag", bad.GetSpecifiedFlag())
	}
	return lang.Of("%v", err)
}

// flagValues are what the values of flags must be, by their types.
var flagValues = map[string]lang.Text{
	"int": lang.Of("a whole number"), "uint64": lang.Of("a whole number from 0"), "bool": lang.Of("true or false"), "duration": lang.Of("a time such as 30s or 10m"),
}

// mostWrong is how many letters of a flag may be wrong.
const mostWrong = 2

// nearFlag is the flag of a command that a word is probably meant to be; empty for none.
func nearFlag(cmd *cobra.Command, word string) string {
	best, least := "", min(mostWrong, len(word)/2)+1
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		d := distance(word, f.Name)
		if len(word) > 2 && strings.HasPrefix(f.Name, word) {
			d = 1
		}
		if d < least {
			best, least = f.Name, d
		}
	})
	return best
}

// exclusive refuses flags that exclude each other, before cobra does.
func exclusive(cmd *cobra.Command) error {
	err := cmd.ValidateFlagGroups()
	if err == nil {
		return nil
	}
	_, group, _ := strings.Cut(err.Error(), "group [")
	group, _, found := strings.Cut(group, "]")
	if names := strings.Fields(group); found && len(names) > 1 {
		return usage("%v: only one of these at a time; see %s --help", lang.Or(dashed(names)), cmd.CommandPath())
	}
	return usage("%w", err)
}

func dashed(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = "--" + name
	}
	return all
}
