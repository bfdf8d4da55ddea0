// Package lang keeps what people read apart from the language that they read it in. A [Text] holds
// its English words, which are its key in the catalogues, and what stands in them; a [Language]
// makes one string of both when it is printed.
//
// Each room keeps its own catalogue, in a file portuguese.go. What machines read (logs, JSON, the
// columns of reports) is in English always: [Text.String].
package lang

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Text is a text for people that is put into a language when it is printed.
type Text struct {
	format string
	args   []any
}

// Of is a text with arguments as [fmt.Sprintf] takes them. Those that are texts themselves, or
// errors, are put into the language, too, and so are times.
func Of(format string, args ...any) Text { return Text{strings.ReplaceAll(format, "%w", "%v"), args} }

// N is a text about a number of things, which is its first argument.
func N[I int | int64](n I, one, other string, args ...any) Text {
	if n == 1 {
		other = one
	}
	return Of(other, append([]any{n}, args...)...)
}

// Plain is a text that is the same in all languages: a name, a number, a provider's own words.
func Plain(s string) Text { return Text{"%s", []any{s}} }

// Join puts texts one after the other.
func Join(texts []Text, separator string) Text {
	verbs, args := make([]string, len(texts)), make([]any, len(texts))
	for i, t := range texts {
		verbs[i], args[i] = "%v", t
	}
	return Text{strings.Join(verbs, strings.ReplaceAll(separator, "%", "%%")), args}
}

// Or names a choice: a, b or c.
func Or(names []string) Text {
	last := len(names) - 1
	if last < 1 {
		return Plain(strings.Join(names, ""))
	}
	return Of("%s or %s", strings.Join(names[:last], ", "), names[last])
}

// Errorf is an error whose words are a text. Its arguments are in its chain, as those of %w.
func Errorf(format string, args ...any) error { return &failure{Of(format, args...)} }

type failure struct{ Text }

func (f *failure) Error() string { return f.String() }

func (f *failure) Unwrap() []error {
	var causes []error
	for _, a := range f.args {
		if err, ok := a.(error); ok {
			causes = append(causes, err)
		}
	}
	return causes
}

// Sayer is what has words for people: a text, an error, a problem.
type Sayer interface{ Said() Text }

// Said is the text itself.
func (t Text) Said() Text { return t }

// String is the text in English.
func (t Text) String() string { return English.Say(t) }

// MarshalText is [Text.String]: JSON is for machines.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText takes what MarshalText has written. It stays in English.
func (t *Text) UnmarshalText(b []byte) error {
	*t = Plain(string(b))
	return nil
}

// Kind is the text without the values that stand in it: texts that say the same of different things
// have the same.
func (t Text) Kind() string {
	kind := t.format
	for _, a := range t.args {
		if said, ok := a.(Sayer); ok {
			kind += "|" + said.Said().Kind()
		}
	}
	return kind
}

// IsZero tells whether there is no text.
func (t Text) IsZero() bool { return t.format == "" }

// Language makes strings of texts. The zero value is English.
type Language struct{ printer *message.Printer }

// English and Portuguese are all languages.
var (
	English    Language
	Portuguese = Language{message.NewPrinter(language.BrazilianPortuguese, message.Catalog(texts))}
)

// For is the language of a tag: English for all that is not Portuguese.
func For(tag language.Tag) Language {
	if base, _ := tag.Base(); base.String() == "pt" {
		return Portuguese
	}
	return English
}

var (
	texts = catalog.NewBuilder(catalog.Fallback(language.English))
	known = map[string]bool{}
)

// Translate adds a room's catalogue: Portuguese texts by the English ones. It is for init alone.
func Translate(catalogue map[string]string) {
	for english, portuguese := range catalogue {
		known[english] = true
		if err := texts.SetString(language.BrazilianPortuguese, english, portuguese); err != nil {
			panic(fmt.Sprintf("%q: %v", english, err))
		}
	}
}

// TranslateCounts adds texts whose first argument is a number: the Portuguese one for one, and
// for any other number. Where English has two texts, [N] and [Translate] are enough.
func TranslateCounts(catalogue map[string][2]string) {
	for english, portuguese := range catalogue {
		known[english] = true
		if err := texts.Set(language.BrazilianPortuguese, english, plural.Selectf(1, "%d", "=1", portuguese[0], plural.Other, portuguese[1])); err != nil {
			panic(fmt.Sprintf("%q: %v", english, err))
		}
	}
}

// Known tells whether a text has a translation, or needs none because it holds no words.
func Known(format string) bool { return known[format] || !Wordy(format) }

// Wordy tells whether a format holds letters beside its verbs.
func Wordy(format string) bool {
	for i := 0; i < len(format); i++ {
		switch b := format[i]; {
		case b == '%':
			for i++; i < len(format) && strings.IndexByte("+-# 0123456789.*[]", format[i]) >= 0; i++ {
			}
		case b|0x20 >= 'a' && b|0x20 <= 'z', b >= 0x80:
			return true
		}
	}
	return false
}

// Say is x in this language: a text, an error, or a value that is the same in all.
func (l Language) Say(x any) string {
	switch x := x.(type) {
	case Sayer:
		t := x.Said()
		return l.Sprintf(t.format, t.args...)
	case error:
		if l.printer == nil {
			return x.Error()
		}
		return l.said(x)
	case string:
		return x
	}
	return fmt.Sprint(x)
}

// Sprintf is [fmt.Sprintf] for a format that has a translation.
func (l Language) Sprintf(format string, args ...any) string {
	if len(args) == 0 && strings.IndexByte(format, '%') < 0 && l.printer == nil {
		return format
	}
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = l.value(a)
	}
	if l.printer == nil {
		return fmt.Sprintf(format, values...)
	}
	return l.printer.Sprintf(format, values...)
}

// Tag names the language.
func (l Language) Tag() language.Tag {
	if l.printer == nil {
		return language.English
	}
	return language.BrazilianPortuguese
}

// Number writes a number for people, its thousands apart.
func (l Language) Number(n int64) string {
	if l.printer == nil {
		return english.Sprintf("%d", n)
	}
	return l.printer.Sprintf("%d", n)
}

// Day is how a day is written for people, as [time.Time.Format] wants it. No month is taken for a
// day: 01/12 means another day to every second reader of English.
func (l Language) Day() string {
	if l.printer == nil {
		return "2 Jan 2006"
	}
	return "02/01/2006"
}

// Time writes a time of a day for people, with its zone.
func (l Language) Time(t time.Time) string { return t.Format(l.Day() + " 15:04 MST") }

// Decimal writes a number with one digit after the point, or the comma.
func (l Language) Decimal(f float64) string { return l.Sprintf("%.1f", f) }

var english = message.NewPrinter(language.English)

// value is an argument as it is printed. Words of others, in the midst of a sentence in another
// language, are quoted.
func (l Language) value(a any) any {
	switch a := a.(type) {
	case Sayer:
		return l.Say(a)
	case time.Time:
		return l.Time(a)
	case error:
		if l.printer == nil {
			return a.Error()
		}
		if own := l.said(a); own != a.Error() {
			return own
		}
		return "“" + a.Error() + "”"
	}
	return a
}

// said is an error in this language: by a translation of its whole text, or of the part that the
// system has said.
func (l Language) said(err error) string {
	if known[err.Error()] {
		return l.printer.Sprintf(err.Error())
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok { // as errors.Join joins them
		var english, words []string
		for _, one := range several.Unwrap() {
			english, words = append(english, one.Error()), append(words, l.Say(one))
		}
		if strings.Join(english, "\n") == err.Error() {
			return strings.Join(words, "\n")
		}
	}
	if path, ok := err.(*fs.PathError); ok {
		return path.Path + ": " + fmt.Sprint(l.value(path.Err))
	}
	for plain, words := range system {
		if errors.Is(err, plain) && err.Error() == plain.Error() {
			return words
		}
	}
	return err.Error()
}

// system are the commonest words of operating systems.
var system = map[error]string{
	syscall.ENOENT: "o arquivo ou a pasta não existe", syscall.EACCES: "permissão negada", syscall.EPERM: "operação não permitida",
	syscall.EISDIR: "é uma pasta", syscall.ENOTDIR: "não é uma pasta", syscall.ENOSPC: "não há espaço no disco", syscall.EROFS: "o disco só pode ser lido",
	syscall.EEXIST: "já existe", syscall.ECONNREFUSED: "conexão recusada",
}
