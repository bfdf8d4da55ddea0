package campaign

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
)

// rowReader turns one record into a row.
type rowReader struct {
	*Reader
	rec   record
	given int // cells that the row has, before the missing ones at its end
	row   Row
	found problems
	gap   []string // prefixes of signers without any value
}

func (r *Reader) row(ctx context.Context, rec record) Row {
	b := rowReader{Reader: r, rec: rec, row: Row{Line: rec.line, Number: rec.row, file: r.name, header: &r.header, seen: r.options.Seen}, found: problems{file: r.name}}
	b.read(ctx)
	b.totals()
	b.row.Problems = b.found.sorted()
	return b.row
}

func (b *rowReader) read(ctx context.Context) {
	r, rec := b.Reader, b.rec
	if rec.broken != nil {
		b.row.rec = rec
		b.found.add(rec.at, "", lang.Of("%v", rec.broken))
		return
	}
	right := b.rightLength()
	if r.rejected {
		restoreAll(b.rec.cells)
	}
	b.row.rec = b.rec
	if !right {
		return
	}
	b.unreadable()
	e := &b.row.Envelope
	e.Campaign, e.Provider = r.options.Campaign, r.options.Provider
	b.fill(ctx, e)
	r.options.Patterns.Fill(e, b.problem)
	b.emptyFields(e)
	checked, problems, err := r.options.Judge.Checked(ctx, e, b.known())
	if err != nil {
		return // [Reader.Rows] tells
	}
	b.row.checked = checked
	b.addAll(problems)
	if intake.ValidID(e.ID) {
		if first, again := r.options.Seen.add(e.Key(), rec.line, rec.row); again {
			b.problem("id", lang.Of("the same id stands in %v", first))
		}
	}
}

// unreadable tells which of a workbook's cells have no value, and that nobody sees the row.
func (b *rowReader) unreadable() {
	if b.rec.hidden {
		b.found.add(b.rec.whole(), "", lang.Of("the sheet does not show this row (it is hidden, or a filter leaves it out): show all rows, or delete it"))
	}
	for i, col := range b.header.columns {
		if c := b.rec.cells[i]; c.wrong != nil && col.name != "" {
			b.found.add(c, col.name, lang.Of("%v", c.wrong))
		}
	}
}

// totals recognises the row of totals that spreadsheets end with: what else is wrong with it
// says nothing.
func (b *rowReader) totals() {
	if len(b.found.list) == 0 {
		return
	}
	word, numbers := -1, 0
	for i, c := range b.rec.cells {
		text := providers.Trim(c.text)
		switch person := i < len(b.header.columns) && b.header.columns[i].signer > 0; {
		case text == "" || b.ours(i):
		case word < 0 && totalWord.MatchString(text):
			word = i
		case !person && figure.MatchString(text):
			numbers++
		case word < 0 || !exactTotal.MatchString(providers.Trim(b.rec.cells[word].text)):
			return
		}
	}
	at := b.rec.whole()
	if word >= 0 {
		at = b.rec.cells[word]
	}
	if word >= 0 || numbers > 1 {
		b.found = problems{file: b.name}
		b.found.add(at, "", lang.Of("row %d looks like a row of totals: delete it", b.rec.row))
	}
}

// How spreadsheets write totals: a word, perhaps with what is added up, and figures.
var (
	exactTotal = regexp.MustCompile(`(?i)^(grand total|sub-?total|total|totais|total geral|soma|sum)[:.= ]*$`)
	totalWord  = regexp.MustCompile(`(?i)^(grand total|sub-?total|total|totais|soma|sum)\b[^@]{0,40}$`)
	figure     = regexp.MustCompile(`^(R\$|US\$|\$|€)? ?-?\d[\d.,]* ?%?$`)
)

// rightLength wants as many values as there are columns at most: spreadsheets leave out
// empty ones at the end, and write some that nobody sees.
func (b *rowReader) rightLength() bool {
	have, want := len(b.rec.cells), len(b.header.columns)
	for have > want && providers.Trim(b.rec.cells[have-1].text) == "" {
		have--
	}
	b.given = have
	b.rec.cells = b.rec.cells[:min(len(b.rec.cells), max(have, want))]
	for len(b.rec.cells) < want {
		end := b.rec.end
		end.index = len(b.rec.cells) + 1
		if b.book != nil { // whose rows have no end
			b.given = want
		}
		b.rec.cells = append(b.rec.cells, end)
	}
	if only := b.only(); only != nil && want > 2 {
		b.found.add(*only, "", lang.Of("the row holds this value only: remove the row if it is no envelope, such as a total"))
		return false
	}
	if have <= want {
		return true
	}
	b.found.add(b.rec.whole(), "",
		lang.Of("the row has %d values, the header has %d columns: look for a missing or superfluous delimiter or quote", have, want))
	return false
}

// only is the one cell that says something, nil when there are others.
func (b *rowReader) only() *cell {
	var only *cell
	for i, c := range b.rec.cells {
		if providers.Trim(c.text) == "" || b.ours(i) {
			continue
		}
		if only != nil {
			return nil
		}
		only = &b.rec.cells[i]
	}
	return only
}

// ours tells a column in which we have written what was wrong with the row.
func (b *rowReader) ours(i int) bool { return i == b.header.reason || i == b.checkedAt() }

// fill sets the envelope from the row's values.
func (b *rowReader) fill(ctx context.Context, e *providers.Envelope) {
	signers := make([]providers.Signer, b.header.signers)
	given := 0 // signers up to the last one with any value
	var filled [maxSigners]bool
	for i, col := range b.header.columns {
		c := b.rec.cells[i]
		value := providers.Trim(c.text)
		if c.date != "" && isDay(col) {
			value = c.date
		}
		if value == "" || col.name == "" || c.wrong != nil {
			continue
		}
		switch {
		case col.signer > 0:
			given = max(given, col.signer)
			filled[col.signer-1] = true
			b.signer(ctx, &signers[col.signer-1], col, c, value)
		case col.group == "field":
			set(&e.Fields, col.key, value, b.header.groups[col.group])
		case col.group == "meta":
			set(&e.Meta, col.key, value, b.header.groups[col.group])
		case col.group != "":
			if e.Options == nil {
				e.Options = make(map[string]map[string]string)
			}
			options := e.Options[col.group]
			set(&options, col.key, value, b.header.groups[col.group])
			e.Options[col.group] = options
		default:
			b.plain(ctx, e, col, c, value)
		}
	}
	e.Signers = signers[:given]
	for i, is := range filled[:given] {
		if !is {
			b.gap = append(b.gap, fmt.Sprintf("signer%d.", i+1))
			b.problem(fmt.Sprintf("signer%d.name", i+1), lang.Of("is empty, but there is a signer%d: fill signers from signer1 without gaps", given))
		}
	}
}

// emptyFields keeps the names of fields of which none has a value: a form is not to be sent
// unfilled because somebody forgot a row's cells.
func (b *rowReader) emptyFields(e *providers.Envelope) {
	if e.Template != "" || len(e.Documents) == 0 || e.Fields != nil {
		return
	}
	for _, col := range b.header.columns {
		if col.group == "field" {
			set(&e.Fields, col.key, "", b.header.groups[col.group])
		}
	}
}

// isDay tells the columns whose values are days.
func isDay(col column) bool { return col.name == "expires" || col.signer > 0 && col.key == "birthdate" }

func set(m *map[string]string, key, value string, size int) {
	if *m == nil {
		*m = make(map[string]string, size)
	}
	(*m)[key] = value
}

func (b *rowReader) plain(ctx context.Context, e *providers.Envelope, col column, c cell, value string) {
	switch col.key {
	case "id":
		e.ID = value
	case "provider":
		e.Provider = value
	case "subject":
		e.Subject = value
	case "message":
		e.Message = value
	case "template":
		e.Template = value
	case "expires":
		if e.Expires.UnmarshalText([]byte(value)) != nil {
			b.found.add(c, col.name, intake.NoExpiry(value))
		}
	case "document":
		b.documents(ctx, e, c, value)
	}
}

// maxDocuments is the most that [intake.Normalize] takes: more are not even looked for.
const maxDocuments = 100

func (b *rowReader) documents(ctx context.Context, e *providers.Envelope, c cell, value string) {
	if n := strings.Count(value, "|") + 1; n > maxDocuments {
		b.found.add(c, "document", lang.Of("has %d paths, separated by |: at most %d documents are allowed", n, maxDocuments))
		e.Documents = []providers.Document{intake.Unusable}
		return
	}
	value = norm.NFC.String(value)
	several := strings.Contains(value, "|")
	for source := range strings.SplitSeq(value, "|") {
		if ctx.Err() != nil {
			return
		}
		d, err := intake.Unusable, lang.Errorf("is empty: remove the superfluous |")
		if source = providers.Trim(source); source != "" {
			d, err = b.options.Document(ctx, source)
		}
		if err != nil {
			message := lang.Of("%v", err)
			if several {
				message = lang.Of("document %d: %v", len(e.Documents)+1, err)
			}
			b.found.add(c, "document", message)
			d = intake.Unusable
		}
		e.Documents = append(e.Documents, d)
	}
}

func (b *rowReader) signer(ctx context.Context, s *providers.Signer, col column, c cell, value string) {
	switch col.key {
	case "name":
		s.Name = value
	case "email":
		s.Email = value
	case "phone":
		s.Phone = value
	case "document":
		s.Document = value
	case "birthdate":
		s.Birthdate = value
	case "role":
		s.Role = value
	case "channel":
		s.Channel = value
	case "auth":
		s.Auth = value
	case "type":
		s.Type = value
	case "id_type":
		s.IDType = value
	case "order":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			b.found.add(c, col.name, lang.Of("must be a whole number from 1"))
			return
		}
		s.Order = n
	case "stamp":
		stamp, ok := parseStamp(value)
		if !ok {
			b.found.add(c, col.name, lang.Of("must be page,x,y,width,height: five numbers such as 1,72,90,180,60"))
		}
		s.Stamp = stamp
	case "company":
		s.Company = value
	case "company_document":
		s.CompanyDocument = value
	case "date":
		s.Date = b.places(col, c, value)
	case "text":
		s.Text = b.places(col, c, value)
	case "checkbox":
		s.Checkbox = b.places(col, c, value)
	case "id_front":
		s.IDFront = b.image(ctx, col, c, value)
	case "id_back":
		s.IDBack = b.image(ctx, col, c, value)
	}
}

func (b *rowReader) image(ctx context.Context, col column, c cell, value string) *providers.Document {
	d, err := b.options.Document(ctx, norm.NFC.String(value))
	if err != nil {
		b.found.add(c, col.name, lang.Of("%v", err))
		d = intake.Unusable
	}
	return &d
}

// places reads what a signer fills in: page,x,y,width,height, then required and a label where
// wanted; several with | between them.
func (b *rowReader) places(col column, c cell, value string) []providers.Place {
	var all []providers.Place
	for one := range strings.SplitSeq(value, "|") {
		if len(all) == intake.MaxPlaces {
			b.found.add(c, col.name, lang.Of("at most %d places, separated by |, are taken", intake.MaxPlaces))
			return nil
		}
		parts := strings.SplitN(one, ",", 6)
		place := providers.Place{}
		stamp, ok := parseStamp(strings.Join(parts[:min(5, len(parts))], ","))
		if !ok {
			b.found.add(c, col.name, lang.Of("must be page,x,y,width,height, and after them required and a label where you want them: 1,72,90,180,20 or 1,72,90,180,20,required,Profissão; several with | between them"))
			return nil
		}
		place.Stamp = *stamp
		if len(parts) == 6 {
			word, label, _ := strings.Cut(parts[5], ",")
			if place.Required = strings.EqualFold(providers.Trim(word), "required"); !place.Required {
				label = parts[5]
			}
			place.Label = providers.Trim(label)
		}
		all = append(all, place)
	}
	return all
}

// parseStamp reads page,x,y,width,height.
func parseStamp(s string) (*providers.Stamp, bool) {
	parts := strings.Split(s, ",")
	if len(parts) != 5 {
		return nil, false
	}
	page, err := strconv.Atoi(strings.TrimSpace(parts[0]))
	if err != nil {
		return nil, false
	}
	var points [4]float64
	for i, part := range parts[1:] {
		if points[i], err = strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
			return nil, false
		}
	}
	return &providers.Stamp{Page: page, X: points[0], Y: points[1], Width: points[2], Height: points[3]}, true
}

// problem finds the column that a problem is about.
func (b *rowReader) problem(name string, message lang.Text) {
	if b.header.missing[name] && (name == "id" || name == "subject") {
		return // the header's mistake
	}
	at := b.rec.whole()
	if !b.found.full() {
		i := b.header.index(name)
		if i >= 0 {
			at = b.rec.cells[i]
		}
		if i >= b.given {
			message = lang.Of("%v (the row ends before this column)", message)
		}
	}
	b.found.add(at, name, message)
}

// known tells the columns of which all has been said: those in which a problem was found,
// those that the header has not, and those of a signer who is left out.
func (b *rowReader) known() func(string) bool {
	found := b.found.list
	return func(name string) bool {
		return b.header.missing[name] || slices.ContainsFunc(found, func(p Problem) bool { return p.Name == name }) ||
			slices.ContainsFunc(b.gap, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
}

func (b *rowReader) addAll(problems providers.Problems) {
	for _, p := range problems {
		if p.Field == "provider" && !slices.Contains(providerNames, b.row.Envelope.Provider) {
			p.Message = lang.Of("%v%v", p.Message, meant(b.row.Envelope.Provider, providerNames))
		}
		if b.lacks(p.Field) {
			b.found.note(b.rec.whole(), p.Field, lang.Of("%v: %v", columnMissing, p.Message), func(said *Problem) { said.lacks = true })
			continue
		}
		b.problem(p.Field, p.Message)
	}
}

// asked are what people are asked for of a signer, each in a column of its own.
var asked = []string{"name", "email", "phone", "document", "birthdate", "role"}

// lacks tells whether a problem is that the file has no such column.
func (b *rowReader) lacks(name string) bool {
	col, ok := parseColumn(name)
	return ok && !b.header.missing[name] && b.header.index(name) < 0 && col.signer > 0 && slices.Contains(asked, col.key)
}

var providerNames = registry.Names()
