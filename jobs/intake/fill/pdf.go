package fill

import (
	"bytes"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

var (
	errPDF    = lang.Errorf("is a PDF whose form cannot be read: save it again with another program")
	errSigned = lang.Errorf("is a PDF that is signed already: filling its form would break the signature")
)

func init() { api.DisableConfigDir() } // no file of the user's is read or written

// maxDepth is how deep pages and fields may be nested.
const maxDepth = 50

// pdf is a PDF whose form is filled.
type pdf struct {
	*model.Context
	fields   []*field
	widgets  map[int]widget // by object
	values   map[string]string
	names    map[string]bool
	problems providers.Problems
	next     int // number of the next new object
	fonts    map[string]types.IndirectRef
}

// field is one field of the form.
type field struct {
	name           string
	kind           types.Name // Tx, Ch, Btn, Sig
	flags          int
	appearance     string // /DA
	align, longest int
	own            string // the value that it has
	hasOwn         bool
	states         []string // of a button that is checked
	value          string   // that it gets
	fill           bool
}

// widget is a place on a page where a field is shown.
type widget struct {
	field *field
	dict  types.Dict
}

// Flags of fields.
const (
	readOnly   = 1 << 0
	multiline  = 1 << 12
	radio      = 1 << 15
	pushButton = 1 << 16
	comb       = 1 << 24
)

// fillPDF fills a form and makes it part of the pages.
func fillPDF(content []byte, values map[string]string) (Filled, error) {
	conf := model.NewDefaultConfiguration()
	conf.Limits.MaxStreamBytes, conf.Limits.MaxDecodeBytes = MaxSize, maxUnpacked
	ctx, err := api.ReadContext(bytes.NewReader(content), conf)
	if err != nil || ctx.Root == nil || ctx.Encrypt != nil {
		return Filled{}, errPDF
	}
	p := &pdf{Context: ctx, widgets: map[int]widget{}, values: values, names: map[string]bool{}, fonts: map[string]types.IndirectRef{}}
	for n := range ctx.Table {
		p.next = max(p.next, n+1)
	}
	catalog, err := p.Catalog()
	if err != nil {
		return Filled{}, errPDF
	}
	form, err := p.DereferenceDict(catalog["AcroForm"])
	if err != nil {
		return Filled{}, errPDF
	}
	roots, err := p.DereferenceArray(form["Fields"])
	if err != nil {
		return Filled{}, errPDF
	}
	if err := p.read(roots, field{appearance: p.text(form["DA"]), align: p.number(form["Q"])}, 0); err != nil {
		return Filled{}, err
	}
	p.assign()
	if len(p.problems) == 0 && len(p.names) > 0 {
		if err := p.pages(catalog["Pages"], nil, map[int]bool{}, 0); err != nil {
			return Filled{}, err
		}
		delete(catalog, "AcroForm")
	}
	return finish(p.names, p.problems, p.write)
}

// read finds the fields of a part of the form, whose properties come from above.
func (p *pdf) read(refs types.Array, above field, depth int) error {
	if depth > maxDepth {
		return errPDF
	}
	for _, o := range refs {
		d, err := p.DereferenceDict(o)
		if err != nil || d == nil {
			return errPDF
		}
		if len(p.fields) > maxFields || len(p.widgets) > maxFields {
			return lang.Errorf("has more than %d fields", maxFields)
		}
		f := p.inherit(d, above)
		kids, err := p.DereferenceArray(d["Kids"])
		if err != nil {
			return errPDF
		}
		if p.haveFields(kids) {
			if err := p.read(kids, f, depth+1); err != nil {
				return err
			}
			continue
		}
		own := &f
		if f.kind == "Sig" && d["V"] != nil {
			return errSigned
		}
		p.fields = append(p.fields, own)
		if len(kids) == 0 {
			kids = types.Array{o}
		}
		for _, kid := range kids {
			w, err := p.DereferenceDict(kid)
			ref, ok := kid.(types.IndirectRef)
			if err != nil || w == nil || !ok {
				return errPDF
			}
			p.widgets[ref.ObjectNumber.Value()] = widget{own, w}
			if s := p.onState(w); s != "" {
				own.states = append(own.states, s)
			}
		}
	}
	return nil
}

// inherit is a field with what it has from above.
func (p *pdf) inherit(d types.Dict, above field) field {
	f := above
	if t := p.text(d["T"]); t != "" {
		if f.name != "" {
			f.name += "."
		}
		f.name += t
	}
	if n, ok := p.resolve(d["FT"]).(types.Name); ok {
		f.kind = n
	}
	if d["Ff"] != nil {
		f.flags = p.number(d["Ff"])
	}
	if d["DA"] != nil {
		f.appearance = p.text(d["DA"])
	}
	if d["Q"] != nil {
		f.align = p.number(d["Q"])
	}
	if d["MaxLen"] != nil {
		f.longest = p.number(d["MaxLen"])
	}
	if v := p.resolve(d["V"]); v != nil {
		if n, ok := v.(types.Name); ok {
			f.own, f.hasOwn = string(n), true
		} else {
			f.own = p.text(v)
			f.hasOwn = f.own != ""
		}
	}
	return f
}

// haveFields tells kids that are fields: those that are not are places of their parent.
func (p *pdf) haveFields(kids types.Array) bool {
	for _, kid := range kids {
		if d, err := p.DereferenceDict(kid); err == nil && d["T"] != nil {
			return true
		}
	}
	return false
}

// onState is the name of the state of a button that is checked.
func (p *pdf) onState(w types.Dict) string {
	looks, _ := p.DereferenceDict(w["AP"])
	normal, ok := p.resolve(looks["N"]).(types.Dict)
	if !ok {
		return ""
	}
	state := ""
	for name := range normal {
		if name != "Off" && (state == "" || name < state) {
			state = name
		}
	}
	return state
}

func (p *pdf) resolve(o types.Object) types.Object {
	o, err := p.Dereference(o)
	if err != nil {
		return nil
	}
	return o
}

func (p *pdf) text(o types.Object) string {
	if o = p.resolve(o); o == nil {
		return ""
	}
	s, err := model.Text(o)
	if err != nil {
		return ""
	}
	return s
}

func (p *pdf) number(o types.Object) int {
	switch n := p.resolve(o).(type) {
	case types.Integer:
		return n.Value()
	case types.Float:
		return int(n.Value())
	}
	return 0
}

// numbers are an array's; nil when it has another length.
func (p *pdf) numbers(o types.Object, want int) []float64 {
	a, err := p.DereferenceArray(o)
	if err != nil || len(a) != want {
		return nil
	}
	out := make([]float64, want)
	for i, o := range a {
		if out[i], err = p.DereferenceNumber(o); err != nil {
			return nil
		}
	}
	return out
}

func (p *pdf) add(o types.Object) types.IndirectRef {
	n := p.next
	p.next++
	p.Table[n] = model.NewXRefTableEntryGen0(o)
	return *types.NewIndirectRef(n, 0)
}

func (p *pdf) stream(d types.Dict, content string) types.IndirectRef {
	return p.add(types.StreamDict{Dict: d, Raw: []byte(content)})
}
