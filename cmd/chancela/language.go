package main

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/chancela/chancela/providers/lang"
)

// speech is the language of what people read: Brazilian Portuguese or English.
type speech struct{ language.Tag }

func (l *speech) UnmarshalText(b []byte) error {
	switch string(b) {
	case language.BrazilianPortuguese.String():
		l.Tag = language.BrazilianPortuguese
	case language.English.String():
		l.Tag = language.English
	default:
		return lang.Errorf("%q is neither pt-BR nor en", b)
	}
	return nil
}

// languageOf is the language of what people read, also where the configuration is wrong.
func languageOf(environ map[string]string) lang.Language {
	var chosen speech
	if chosen.UnmarshalText([]byte(environ[prefix+"LANG"])) != nil {
		chosen, _ = spokenBy(environ)
	}
	return lang.For(chosen.Tag)
}

// spokenBy is the language that the system is set to, and the variable that says so. The order
// is that of POSIX. Whoever speaks neither Portuguese nor English reads English.
func spokenBy(environ map[string]string) (l speech, by string) {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		value := environ[name]
		if value == "" {
			continue
		}
		if strings.HasPrefix(strings.ToLower(value), "pt") {
			return speech{language.BrazilianPortuguese}, name
		}
		return speech{language.English}, name
	}
	return speech{language.English}, ""
}
