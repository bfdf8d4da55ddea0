package campaign

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// SampleDocument is what the sample row of a [Template] names.
//
//go:embed sample.pdf
var SampleDocument []byte

// SampleName is the file that the sample row names.
const SampleName = "sample.pdf"

// Template is a sheet to begin with: the columns that a provider uses, and a sample row.
type Template struct {
	Provider  string
	Columns   []TemplateColumn
	Language  lang.Language // of the headings and the explanations
	Separator rune          // of CSV; 0: a semicolon, as spreadsheets of Brazil read it
}

// TemplateColumn is one column of a [Template].
type TemplateColumn struct {
	Name       string
	Required   bool
	RequiredBy []string // the providers that want it, where some do not
	Help       lang.Text
	Sample     string
	Values     []string // the only ones; nil: any
}

// sampleValues are what a row gets where the provider asks for a column.
var sampleValues = map[string][2]string{ // for the first and for the other signers
	"id": {"0001"}, "subject": {"Contrato de locação 0001"}, "document": {SampleName},
	"signer.name": {"Nívea Sabiá", "Aurora Dália"}, "signer.email": {"nivea@example.com", "aurora@example.com"},
	"signer.phone": {"+55 11 98765-4321", "+55 21 98765-4321"}, "signer.document": {"529.982.247-25", "111.444.777-35"},
	"signer.birthdate": {"1990-01-31", "1985-12-24"},
}

// help is what a column means.
var help = map[string]lang.Text{
	"id":        lang.Of("Unique in the campaign: letters, digits, dots, underscores, hyphens. The same id is never sent twice."),
	"provider":  lang.Of("The signing service."),
	"subject":   lang.Of("Title of the envelope."),
	"message":   lang.Of("Text for the signers."),
	"document":  lang.Of("File below this sheet's folder, or s3://bucket/key; several with | between them."),
	"template":  lang.Of("The provider's id of a template, instead of a document."),
	"expires":   lang.Of("Last day to sign: 2030-12-31, 31/12/2030, or days such as 30d."),
	"name":      lang.Of("Full name."),
	"email":     lang.Of("E-mail address to which the invitation goes."),
	"phone":     lang.Of("With area code, such as +55 11 98765-4321."),
	"birthdate": lang.Of("Such as 1990-01-31 or 31/01/1990."),
	"order":     lang.Of("Who signs when, from 1."),
	"role":      lang.Of("What the person signs as."),
	"channel":   lang.Of("How the invitation reaches the person."),
	"auth":      lang.Of("How the code that proves who signs reaches the person."),
	"type":      lang.Of("Kind of signature."),
	"stamp":     lang.Of("Place of the visible signature: page,x,y,width,height in points from the lower left."),
	"id_front":  lang.Of("Image of the identity paper's front."),
	"id_back":   lang.Of("Image of the identity paper's back."),
	"id_type":   lang.Of("Kind of the identity paper."),
	"company":   lang.Of("Company that the person signs for."),
	"date":      lang.Of("Place of a date that the signer fills in: as stamp; then, with commas, required and a label where wanted. Several with | between them."),
	"text":      lang.Of("Place of a text that the signer fills in: as date."),
	"checkbox":  lang.Of("Place of a box that the signer ticks: as date."),

	"company_document": lang.Of("The company's CNPJ."),
}

// NewTemplate makes the sheet of a provider for so many signers. Which columns are required is
// found out by asking the judge, whose rules are those of check.
func NewTemplate(ctx context.Context, judge *intake.Judge, info providers.Info, signers int) (Template, error) {
	t := Template{Provider: info.Name}
	filled := map[string]string{"provider": info.Name}
	for _, c := range t.columns(info, signers) {
		if slices.Contains([]string{"id", "subject", "document"}, c.Name) || strings.HasSuffix(c.Name, ".name") || strings.HasSuffix(c.Name, ".email") {
			filled[c.Name] = sampleOf(c.Name)
		}
		t.Columns = append(t.Columns, c)
	}
	for range len(t.Columns) {
		asked, err := t.asked(ctx, judge, filled)
		if err != nil {
			return t, err
		}
		if asked == "" {
			break
		}
		i := slices.IndexFunc(t.Columns, func(c TemplateColumn) bool { return c.Name == asked })
		value := sampleOf(asked)
		if i >= 0 && value == "" && len(t.Columns[i].Values) > 0 {
			value = t.Columns[i].Values[0]
		}
		if i < 0 || value == "" || filled[asked] != "" {
			return t, fmt.Errorf("no sample row of %s is valid: it asks for %s", info.Name, asked)
		}
		filled[asked] = value
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		other := strings.HasPrefix(c.Name, "signer") && !strings.HasPrefix(c.Name, "signer1.")
		c.Sample, c.Required = filled[c.Name], filled[c.Name] != "" && !other
	}
	return t, nil
}

func sampleOf(name string) string {
	person, part, ok := strings.Cut(name, ".")
	if !ok {
		return sampleValues[name][0]
	}
	pair := sampleValues["signer."+part]
	switch number, is := strings.CutPrefix(person, "signer"); {
	case !is:
		return ""
	case number == "1":
		return pair[0]
	case number == "2":
		return pair[1]
	default:
		return strings.Replace(pair[1], "Dália", "Dália "+strings.Repeat("I", len(number)+1), 1)
	}
}

// columns are those that the provider has a place for.
func (t Template) columns(info providers.Info, signers int) []TemplateColumn {
	has := func(column string) bool { return !slices.Contains(info.UnsupportedColumns, column) }
	var all []TemplateColumn
	add := func(name string, is bool, values ...string) {
		if is {
			_, part, _ := strings.Cut(name, ".")
			if name == "id" || part == "" {
				part = name
			}
			text := help[part]
			if strings.HasPrefix(name, "signer") && part == "document" {
				text = lang.Of("CPF or CNPJ.")
			}
			all = append(all, TemplateColumn{Name: name, Help: text, Values: values})
		}
	}
	add("id", true)
	add("provider", true, info.Name)
	add("subject", true)
	add("message", has("message"))
	add("document", true)
	add("template", info.Templates)
	add("expires", has("expires"))
	for n := 1; n <= signers; n++ {
		who := fmt.Sprintf("signer%d.", n)
		for _, part := range []string{"name", "email", "phone", "document", "birthdate"} {
			add(who+part, true)
		}
		add(who+"order", info.Order && has("order"))
		add(who+"role", true)
		add(who+"channel", len(info.Channels) > 1, info.Channels...)
		add(who+"auth", len(info.Auth) > 0, info.Auth...)
		add(who+"type", len(info.SignatureTypes) > 1, info.SignatureTypes...)
		add(who+"stamp", has("stamp"))
		for _, part := range []string{"date", "text", "checkbox"} {
			add(who+part, has(part))
		}
		add(who+"company", has("company"))
		add(who+"company_document", has("company"))
		add(who+"id_front", len(info.ImageTypes) > 0)
		add(who+"id_back", len(info.ImageTypes) > 0)
		add(who+"id_type", len(info.ImageTypes) > 0, "cnh", "rg")
	}
	for _, o := range info.Options {
		all = append(all, TemplateColumn{Name: info.Name + "." + o.Name, Help: lang.Of("%v.", lang.Of(o.Help)), Values: o.Values})
	}
	return all
}

// asked is the first column that a row with these values lacks; empty when it is valid.
func (t Template) asked(ctx context.Context, judge *intake.Judge, filled map[string]string) (string, error) {
	var b bytes.Buffer
	if err := t.write(&b, func(c TemplateColumn) string { return filled[c.Name] }); err != nil {
		return "", err
	}
	document := func(context.Context, string) (providers.Document, error) {
		return providers.Document{Name: SampleName, Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(SampleDocument)), nil
		}}, nil
	}
	r, err := NewReader("template.csv", bytes.NewReader(b.Bytes()), Options{Judge: judge, Document: document})
	if err != nil {
		return "", err
	}
	for _, p := range r.Problems() {
		return p.Name, nil
	}
	for row, err := range r.Rows(ctx) {
		if err != nil {
			return "", err
		}
		for _, p := range row.Problems {
			return cmp.Or(p.Name, p.Message.String()), nil
		}
		return "", nil
	}
	return "", errors.New("the sample row is missing")
}

// heading marks a required column.
func (c TemplateColumn) heading(in lang.Language) string {
	if c.Required {
		return HeadingOf(c.Name, in) + requiredMark
	}
	return HeadingOf(c.Name, in)
}

// WriteCSV writes the template as text. A blank one has its headings alone.
func (t Template) WriteCSV(w io.Writer) error {
	return t.write(w, func(c TemplateColumn) string { return c.Sample })
}

func (t Template) write(w io.Writer, value func(TemplateColumn) string) error {
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = cmp.Or(t.Separator, ';'), true
	names, values := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i], values[i] = c.heading(t.Language), value(c)
	}
	names[0] = "\ufeff" + names[0]
	lines := [][]string{names}
	if slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
		lines = append(lines, values)
	}
	return out.WriteAll(lines)
}

// WriteXLSX writes the template as a workbook: required columns marked by colour and asterisk, what
// each means as a comment, lists where only some values are taken, and all cells as text, so that
// no zero is lost.
func (t Template) WriteXLSX(w io.Writer) error {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Envelopes"
	about := t.Language.Sprintf("Columns")
	if err := errors.Join(f.SetSheetName("Sheet1", sheet), newSheet(f, about)); err != nil {
		return err
	}
	text, err1 := f.NewStyle(&excelize.Style{NumFmt: 49})
	optional, err2 := f.NewStyle(headingStyle("DDE6F0"))
	required, err3 := f.NewStyle(headingStyle("F6C667"))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	last, _ := excelize.ColumnNumberToName(len(t.Columns))
	if err := f.SetColStyle(sheet, "A:"+last, text); err != nil {
		return err
	}
	for i, c := range t.Columns {
		letter, _ := excelize.ColumnNumberToName(i + 1)
		style, heading := optional, c.heading(t.Language)
		if c.Required {
			style = required
		}
		err := errors.Join(f.SetCellStr(sheet, letter+"1", heading), f.SetCellStr(sheet, letter+"2", c.Sample), f.SetCellStyle(sheet, letter+"1", letter+"1", style),
			f.SetColWidth(sheet, letter, letter, float64(max(14, min(34, max(utf8.RuneCountInString(heading), len(c.Sample))+3)))),
			f.AddComment(sheet, excelize.Comment{Author: "chancela", Cell: letter + "1", Text: t.Language.Say(c.comment(t.Language)), Width: 260, Height: 90}), c.list(f, sheet, letter, t.Language), c.explain(f, about, i+2, t.Language))
		if err != nil {
			return err
		}
	}
	titles := []string{t.Language.Sprintf("Column"), t.Language.Sprintf("Required"), t.Language.Sprintf("Meaning"), t.Language.Sprintf("Values")}
	if t.Language != lang.English {
		titles = append(titles, t.Language.Sprintf("Also called"))
	}
	landscape, a4 := "landscape", 9
	err := errors.Join(
		f.SetPanes(sheet, &excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}),
		f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &a4}),
		f.SetSheetRow(about, "A1", &titles), f.SetCellStyle(about, "A1", string(rune('A'+len(titles)-1))+"1", optional),
		f.SetColWidth(about, "A", "A", 34), f.SetColWidth(about, "C", "D", 60), f.SetColWidth(about, "E", "E", 28))
	if err != nil {
		return err
	}
	return f.Write(w)
}

func newSheet(f *excelize.File, name string) error {
	_, err := f.NewSheet(name)
	return err
}

func headingStyle(colour string) *excelize.Style {
	return &excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}},
		Border: []excelize.Border{{Type: "bottom", Style: 1, Color: "7F7F7F"}}}
}

// comment is the note at a heading. It has the column's own name, too.
func (c TemplateColumn) comment(in lang.Language) lang.Text {
	s := []lang.Text{c.Help}
	switch {
	case c.Required:
		s = slices.Insert(s, 0, lang.Of("Required."))
	case len(c.RequiredBy) > 0:
		s = slices.Insert(s, 0, lang.Of("Required by %s.", strings.Join(c.RequiredBy, ", ")))
	}
	if HeadingOf(c.Name, in) != c.Name {
		s = slices.Insert(s, 0, lang.Plain(c.Name+":"))
	}
	if len(c.Values) > 0 {
		s = append(s, lang.Of("One of: %s.", strings.Join(c.Values, ", ")))
	}
	return lang.Join(s, " ")
}

// list offers a column's values below its heading.
func (c TemplateColumn) list(f *excelize.File, sheet, letter string, language lang.Language) error {
	if len(c.Values) == 0 {
		return nil
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(letter + "2:" + letter + "1048576")
	if err := v.SetDropList(c.Values); err != nil {
		return nil // too long for a list: the comment has them
	}
	v.SetError(excelize.DataValidationErrorStyleStop, c.Name, language.Sprintf("One of: %s.", strings.Join(c.Values, ", ")))
	return f.AddDataValidation(sheet, v)
}

// explain writes a column's line of the second sheet.
func (c TemplateColumn) explain(f *excelize.File, sheet string, row int, language lang.Language) error {
	must := strings.Join(c.RequiredBy, ", ")
	if c.Required {
		must = language.Sprintf("yes")
	}
	heading := HeadingOf(c.Name, language)
	cells := []string{heading, must, language.Say(c.Help), strings.Join(c.Values, ", ")}
	if heading != c.Name {
		cells = append(cells, c.Name)
	}
	return f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &cells)
}
