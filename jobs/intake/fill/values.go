package fill

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/chancela/chancela/providers"
)

// assign finds the value of every field, and what is wrong with it.
func (p *pdf) assign() {
	for _, f := range p.fields {
		if f.name == "" || f.flags&readOnly != 0 || f.kind == "Sig" || f.kind == "Btn" && f.flags&pushButton != 0 {
			continue
		}
		known := p.names[f.name]
		p.names[f.name] = true
		value, ok := p.values[f.name]
		switch {
		case !ok && f.kind == "Btn": // stays as it is
		case !ok && !f.hasOwn && !known:
			missing(&p.problems, f.name)
		case ok:
			f.fill = true
			f.value = value
			p.judge(f)
		}
	}
}

// judge tells a value that its field is not able to show.
func (p *pdf) judge(f *field) {
	column := "field." + f.name
	if f.kind == "Btn" {
		state, ok := f.state()
		if !ok {
			want := "want yes or no"
			if f.flags&radio != 0 || len(f.states) > 1 {
				want = "want one of " + strings.Join(slices.Compact(slices.Sorted(slices.Values(f.states))), ", ")
			}
			p.problems.Add(column, "is not a choice of this field: %s", want)
		}
		f.value = state
		return
	}
	for i, r := range []rune(f.value) {
		if _, ok := charmap.Windows1252.EncodeRune(r); !ok && r != '\n' && r != '\r' {
			p.problems.Add(column, "character %d is %s, which a PDF form cannot show: its letters are those of Western European languages", i+1, providers.Character(r))
			return
		}
	}
	if n := utf8.RuneCountInString(f.value); f.longest > 0 && n > f.longest {
		p.problems.Add(column, "has %d characters, and the field takes %d", n, f.longest)
	}
	if f.flags&multiline == 0 && strings.ContainsAny(f.value, "\r\n") {
		p.problems.Add(column, "has several lines, and the field takes one")
	}
}

// state is the state of a button by the word for it; Off is unchecked.
func (f *field) state() (string, bool) {
	if slices.Contains(f.states, f.value) {
		return f.value, true
	}
	if f.flags&radio != 0 || len(f.states) != 1 {
		return "", false
	}
	switch strings.ToLower(f.value) {
	case "x", "yes", "true", "1", "on", "sim", "verdadeiro", "si", "sí":
		return f.states[0], true
	case "no", "false", "0", "off", "não", "nao", "falso":
		return "Off", true
	}
	return "", false
}
