package fill

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Sizes of letters in points. A value that does not fit is set smaller, down to the least
// size that people can read (a choice), and refused below it.
const (
	leastSize = 6.0
	usualSize = 12.0
	leading   = 1.15 // from line to line, in sizes
	padding   = 2.0
)

// print draws a field's text into its place.
func (c *canvas) print(f *field, text string, b box) error {
	if text == "" {
		return nil
	}
	family, size, colour := fontOf(f.appearance)
	fixed := size > 0
	if !fixed {
		size = math.Min(usualSize, math.Max(leastSize, b.height-2*padding))
		if f.flags&multiline != 0 {
			size = usualSize
		}
	}
	text = strings.TrimRight(text, "\r\n")
	var set []string
	for ; ; size -= 0.5 {
		var fits bool
		if set, fits = laid(f, text, family, size, b); fits {
			break
		}
		if size <= leastSize {
			c.problems.Add("field."+f.name, "is too long for its place in the document, also in the smallest letters: shorten it")
			return nil
		}
	}
	name := c.font(family)
	top := b.y + (b.height-size)/2 + size*0.22 // of a single line: about the middle of its letters
	if f.flags&multiline != 0 {
		top = b.y + b.height - padding - size
	}
	fmt.Fprintf(&c.out, "q %s %s %s %s re W n BT /%s %s Tf %s\n", num(b.x), num(b.y), num(b.width), num(b.height), name, num(size), colour)
	for i, line := range set {
		y := top - float64(i)*size*leading
		if f.flags&comb != 0 && f.longest > 0 {
			cell := b.width / float64(f.longest)
			for n := range len(line) {
				c.show(line[n:n+1], b.x+cell*(float64(n)+0.5)-widthOf(line[n:n+1], family, size)/2, y)
			}
			continue
		}
		x := b.x + padding
		switch room := b.width - 2*padding - widthOf(line, family, size); f.align {
		case 1:
			x += room / 2
		case 2:
			x += room
		}
		c.show(line, x, y)
	}
	c.out.WriteString("ET Q\n")
	return nil
}

func (c *canvas) show(line string, x, y float64) {
	fmt.Fprintf(&c.out, "1 0 0 1 %s %s Tm <%X> Tj\n", num(x), num(y), line)
}

// laid breaks a text into lines, encoded, and tells whether they fit at a size.
func laid(f *field, text, family string, size float64, b box) ([]string, bool) {
	room := b.width - 2*padding
	if f.flags&multiline == 0 {
		line := encoded(strings.Join(lines(text), " "))
		if f.flags&comb != 0 && f.longest > 0 {
			return []string{line}, len(line) <= f.longest && size <= b.height
		}
		return []string{line}, widthOf(line, family, size) <= room && size <= b.height+padding
	}
	var set []string
	for _, paragraph := range lines(text) {
		line := ""
		for _, word := range strings.Split(encoded(paragraph), " ") {
			if widthOf(word, family, size) > room {
				return nil, false
			}
			longer := word
			if line != "" {
				longer = line + " " + word
			}
			if line != "" && widthOf(longer, family, size) > room {
				set, line = append(set, line), word
				continue
			}
			line = longer
		}
		set = append(set, line)
	}
	return set, size+float64(len(set)-1)*size*leading <= b.height-padding
}

// fontOf reads a default appearance such as /Helv 10 Tf 0 g. The letters are those of the
// standard fonts, which every reader has: what a form embeds often lacks the accents.
func fontOf(appearance string) (family string, size float64, colour string) {
	family, colour = "Helvetica", "0 g"
	words := strings.Fields(appearance)
	for i, w := range words {
		switch {
		case w == "Tf" && i >= 2:
			if s, err := strconv.ParseFloat(words[i-1], 64); err == nil && s >= 0 && s < 500 {
				size = s
			}
			family = standard(strings.ToLower(words[i-2]))
		case w == "g" && i >= 1 && numeric(words[i-1:i]):
			colour = words[i-1] + " g"
		case w == "rg" && i >= 3 && numeric(words[i-3:i]):
			colour = strings.Join(words[i-3:i], " ") + " rg"
		}
	}
	return family, size, colour
}

func numeric(words []string) bool {
	for _, w := range words {
		if x, err := strconv.ParseFloat(w, 64); err != nil || x < 0 || x > 1 {
			return false
		}
	}
	return true
}

// standard is the standard font that is nearest to a font of a form.
func standard(name string) string {
	bold := strings.Contains(name, "bold") || strings.HasSuffix(name, "bo") && len(name) <= 5
	switch {
	case strings.Contains(name, "cour") && bold:
		return "Courier-Bold"
	case strings.Contains(name, "cour"):
		return "Courier"
	case (strings.Contains(name, "tim") || strings.HasPrefix(name, "/ti")) && bold:
		return "Times-Bold"
	case strings.Contains(name, "tim") || strings.HasPrefix(name, "/ti"):
		return "Times-Roman"
	case bold:
		return "Helvetica-Bold"
	}
	return "Helvetica"
}

// font is the name of a standard font among those of the page.
func (c *canvas) font(family string) string {
	name := strings.ReplaceAll(family, "-", "")
	ref, ok := c.pdf.fonts[family]
	if !ok {
		ref = c.add(types.Dict{"Type": types.Name("Font"), "Subtype": types.Name("Type1"), "BaseFont": types.Name(family), "Encoding": types.Name("WinAnsiEncoding")})
		c.pdf.fonts[family] = ref
	}
	c.fonts[name] = ref
	return name
}
