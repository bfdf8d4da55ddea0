package fill

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/font"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
	"golang.org/x/text/encoding/charmap"
)

// pages draws the fields of all pages below a node of the page tree.
func (p *pdf) pages(node types.Object, resources types.Object, seen map[int]bool, depth int) error {
	ref, ok := node.(types.IndirectRef)
	if !ok || depth > maxDepth || seen[ref.ObjectNumber.Value()] {
		return errPDF
	}
	seen[ref.ObjectNumber.Value()] = true
	d, err := p.DereferenceDict(ref)
	if err != nil || d == nil {
		return errPDF
	}
	if d["Resources"] != nil {
		resources = d["Resources"]
	}
	if d["Kids"] == nil {
		return p.page(d, resources)
	}
	kids, err := p.DereferenceArray(d["Kids"])
	if err != nil {
		return errPDF
	}
	for _, kid := range kids {
		if err := p.pages(kid, resources, seen, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// page draws the fields of a page on it, and takes them from its annotations.
func (p *pdf) page(page types.Dict, resources types.Object) error {
	annotations, err := p.DereferenceArray(page["Annots"])
	if err != nil {
		return errPDF
	}
	c := canvas{pdf: p, fonts: types.Dict{}, looks: types.Dict{}}
	var others types.Array
	for _, o := range annotations {
		ref, _ := o.(types.IndirectRef)
		w, ok := p.widgets[ref.ObjectNumber.Value()]
		if !ok {
			others = append(others, o)
			continue
		}
		if err := c.widget(w); err != nil {
			return err
		}
	}
	if len(others) == len(annotations) {
		return nil
	}
	if page["Annots"] = others; len(others) == 0 {
		delete(page, "Annots")
	}
	form := p.stream(types.Dict{"Type": types.Name("XObject"), "Subtype": types.Name("Form"),
		"BBox":      types.Array{types.Integer(-20000), types.Integer(-20000), types.Integer(20000), types.Integer(20000)},
		"Resources": types.Dict{"Font": c.fonts, "XObject": c.looks}}, c.out.String())
	return p.overlay(page, resources, form)
}

// overlay draws a form above what the page has.
func (p *pdf) overlay(page types.Dict, resources types.Object, form types.IndirectRef) error {
	const name = "ChancelaFilled"
	have, err := p.DereferenceDict(resources)
	if err != nil {
		return errPDF
	}
	drawn, err := p.DereferenceDict(have["XObject"])
	if err != nil {
		return errPDF
	}
	own, objects := types.Dict{}, types.Dict{}
	maps.Copy(own, have)
	maps.Copy(objects, drawn)
	objects[name], own["XObject"] = form, objects
	page["Resources"] = own

	contents := types.Array{}
	switch o := p.resolve(page["Contents"]).(type) {
	case nil:
	case types.Array:
		contents = o
	default:
		contents = types.Array{page["Contents"]}
	}
	all := types.Array{p.stream(types.Dict{}, "q\n")}
	all = append(all, contents...)
	page["Contents"] = append(all, p.stream(types.Dict{}, "\nQ\nq /"+name+" Do Q\n"))
	return nil
}

// canvas is what is drawn on one page.
type canvas struct {
	*pdf
	out          strings.Builder
	fonts, looks types.Dict
}

// Flags of annotations that nobody sees.
const hidden, noView = 1 << 1, 1 << 5

func (c *canvas) widget(w widget) error {
	r := c.numbers(w.dict["Rect"], 4)
	if r == nil || c.number(w.dict["F"])&(hidden|noView) != 0 {
		return nil
	}
	b := box{math.Min(r[0], r[2]), math.Min(r[1], r[3]), math.Abs(r[2] - r[0]), math.Abs(r[3] - r[1])}
	looks, _ := c.DereferenceDict(w.dict["AP"])
	normal := looks["N"]
	f := w.field
	if states, ok := c.resolve(normal).(types.Dict); ok { // a button
		state, _ := c.resolve(w.dict["AS"]).(types.Name)
		if f.fill {
			state = types.Name(f.value)
		}
		c.look(states[string(state)], b)
		return nil
	}
	text := f.value
	if !f.fill {
		if _, is := c.resolve(normal).(types.StreamDict); is {
			c.look(normal, b)
			return nil
		}
		text = f.own
	}
	if f.kind != "Tx" && f.kind != "Ch" {
		return nil
	}
	style, _ := c.DereferenceDict(w.dict["MK"])
	if turn := c.number(style["R"]); turn%360 != 0 {
		c.problems.Add("field."+f.name, "stands turned on its page, which cannot be filled: turn the field upright")
		return nil
	}
	c.frame(style, w.dict, b)
	return c.print(f, text, b)
}

// look draws what the document has for a field.
func (c *canvas) look(o types.Object, b box) {
	ref, ok := o.(types.IndirectRef)
	s, is := c.resolve(o).(types.StreamDict)
	r := c.numbers(s.Dict["BBox"], 4)
	if !ok || !is || r == nil {
		return
	}
	m := c.numbers(s.Dict["Matrix"], 6)
	if m == nil {
		m = []float64{1, 0, 0, 1, 0, 0}
	}
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, x := range []float64{r[0], r[2]} {
		for _, y := range []float64{r[1], r[3]} {
			tx, ty := m[0]*x+m[2]*y+m[4], m[1]*x+m[3]*y+m[5]
			minX, minY, maxX, maxY = math.Min(minX, tx), math.Min(minY, ty), math.Max(maxX, tx), math.Max(maxY, ty)
		}
	}
	if maxX <= minX || maxY <= minY {
		return
	}
	sx, sy := b.width/(maxX-minX), b.height/(maxY-minY)
	name := "L" + strconv.Itoa(len(c.looks))
	c.looks[name] = ref
	fmt.Fprintf(&c.out, "q %s %s %s %s %s %s cm /%s Do Q\n", num(sx), "0", "0", num(sy), num(b.x-minX*sx), num(b.y-minY*sy), name)
}

// box is a place in points from the lower left.
type box struct{ x, y, width, height float64 }

// frame draws a field's background and border.
func (c *canvas) frame(style, w types.Dict, b box) {
	if fill := c.colour(style["BG"], "g", "rg", "k"); fill != "" {
		fmt.Fprintf(&c.out, "q %s %s %s %s %s re f Q\n", fill, num(b.x), num(b.y), num(b.width), num(b.height))
	}
	width := 1.0
	if border, _ := c.DereferenceDict(w["BS"]); border["W"] != nil {
		width, _ = c.DereferenceNumber(border["W"])
	}
	if line := c.colour(style["BC"], "G", "RG", "K"); line != "" && width > 0 {
		fmt.Fprintf(&c.out, "q %s %s w %s %s %s %s re S Q\n", line, num(width), num(b.x+width/2), num(b.y+width/2), num(b.width-width), num(b.height-width))
	}
}

func (c *canvas) colour(o types.Object, operators ...string) string {
	for i, n := range []int{1, 3, 4} {
		if v := c.numbers(o, n); v != nil {
			var s strings.Builder
			for _, x := range v {
				s.WriteString(num(x) + " ")
			}
			return s.String() + operators[i]
		}
	}
	return ""
}

// num writes a number as PDF has it: without an exponent.
func num(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "0"
	}
	return strconv.FormatFloat(math.Round(x*1000)/1000, 'f', -1, 64)
}

// encoded is a text in the letters of the standard fonts.
func encoded(s string) string {
	var b strings.Builder
	for _, r := range s {
		if c, ok := charmap.Windows1252.EncodeRune(r); ok {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func widthOf(text, fontName string, size float64) float64 {
	w, err := font.TextWidthFloat(text, fontName, size)
	if err != nil {
		return math.Inf(1)
	}
	return w
}
