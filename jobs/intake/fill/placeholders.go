package fill

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
)

// change is the new text of a piece.
type change struct{ piece }

func inOrder(changes []change) []change {
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.open, b.open) })
	return changes
}

// xml is the element's beginning with its new text: its end stays where it is.
func (c change) xml() string {
	tag := c.tag
	if !strings.Contains(tag, "xml:space") { // blanks at the ends would be lost
		tag = strings.TrimSuffix(tag, ">") + ` xml:space="preserve">`
	}
	element := strings.TrimPrefix(strings.Fields(strings.Trim(c.tag, "<>"))[0], "/")
	prefix := strings.TrimSuffix(element, "t")
	var b strings.Builder
	b.WriteString(tag)
	for i, line := range lines(c.text) {
		if i > 0 {
			fmt.Fprintf(&b, "</%s><%sbr/>%s", element, prefix, tag)
		}
		_ = xml.EscapeText(&b, []byte(line))
	}
	return b.String()
}

// paragraph replaces the placeholders of one paragraph: the value stands where the
// placeholder begins, in the letters of that place.
func (f *filling) paragraph(pieces []piece) ([]change, error) {
	var whole strings.Builder
	for _, p := range pieces {
		whole.WriteString(p.text)
	}
	text := whole.String()
	if !strings.Contains(text, "{{") {
		return nil, nil
	}
	texts := make([]strings.Builder, len(pieces))
	at, begins := 0, 0 // the piece of the next byte, and where that piece begins
	advance := func(to int) {
		for at < len(pieces)-1 && to >= begins+len(pieces[at].text) {
			begins += len(pieces[at].text)
			at++
		}
	}
	keep := func(from, to int) {
		for i := from; i < to; i++ {
			advance(i)
			texts[at].WriteByte(text[i])
		}
	}
	pos := 0
	for {
		open := strings.Index(text[pos:], "{{")
		if open < 0 {
			break
		}
		open += pos
		end := strings.Index(text[open:], "}}")
		if end < 0 {
			return nil, lang.Errorf("has a {{ without its }} in the same paragraph")
		}
		end += open + len("}}")
		keep(pos, open)
		advance(open)
		texts[at].WriteString(f.value(strings.TrimSpace(text[open+2 : end-2])))
		pos = end
	}
	keep(pos, len(text))
	var changes []change
	for i, p := range pieces {
		if now := texts[i].String(); now != p.text {
			p.text = now
			changes = append(changes, change{p})
		}
	}
	if len(f.names) > maxFields {
		return nil, lang.Errorf("has more than %d placeholders", maxFields)
	}
	return changes, nil
}

// value is what a placeholder is replaced by.
func (f *filling) value(name string) string {
	value, ok := f.values[name]
	if known := f.names[name]; !ok && !known {
		missing(&f.problems, name)
	}
	f.names[name] = true
	return value
}
