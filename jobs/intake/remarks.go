package intake

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Codes of remarks. They are the API's words.
const (
	LeftOut     = "left_out"     // the service has no place for a column
	Noted       = "note"         // what its provider says of it
	NotReminded = "not_reminded" // the provider offers no reminders, and they were asked for
	PersonalIDs = "personal_ids" // most ids are people's CPFs or CNPJs

	DoubtfulEmailCode = "doubtful_email" // an address that is probably misspelt
	DoubtfulID        = "doubtful_id"    // a number that a program has written otherwise
	DoubtfulName      = "doubtful_name"  // an e-mail address in place of a name
)

// Remark is what the sender of envelopes that are right should know of them.
type Remark struct {
	Code      string
	Text      lang.Text
	Envelopes int // that it is about

	Provider, Column string   // of what is left out
	IDs              []string // of who is not reminded: the first ones
}

// Bounds of what is remembered: the ids of a remark, and the remarks of providers.
const (
	remarkIDs   = 20
	remarkNotes = 100
)

// Remarks gathers them over many envelopes. The zero value is empty.
type Remarks struct {
	leftOut  map[[2]string]int // by provider and column
	notes    map[string]*Remark
	silent   map[string]*Remark // by provider that offers no reminders
	all      int
	personal int
}

// Add looks at an envelope in which the judge has found nothing wrong; p is its provider.
func (r *Remarks) Add(e providers.Envelope, p providers.Provider) {
	if r.all == 0 {
		r.leftOut, r.notes, r.silent = map[[2]string]int{}, map[string]*Remark{}, map[string]*Remark{}
	}
	r.all++
	if PersonalID(e) {
		r.personal++
	}
	if p == nil {
		return
	}
	for _, column := range p.Info().UnsupportedColumns {
		if e.HasColumn(column) {
			r.leftOut[[2]string{e.Provider, column}]++
		}
	}
	if _, reminds := p.(providers.Reminder); !reminds {
		x := r.silent[e.Provider]
		if x == nil {
			x = &Remark{Code: NotReminded, Provider: e.Provider}
			r.silent[e.Provider] = x
		}
		if x.Envelopes++; len(x.IDs) < remarkIDs {
			x.IDs = append(x.IDs, e.ID)
		}
	}
	noter, ok := p.(providers.Noter)
	if !ok {
		return
	}
	for _, note := range noter.Notes(e) {
		key := note.String()
		if r.notes[key] == nil && len(r.notes) < remarkNotes {
			r.notes[key] = &Remark{Code: Noted, Text: note}
		}
		if x := r.notes[key]; x != nil {
			x.Envelopes++
		}
	}
}

// List are the remarks, those of reminders where they are asked for.
func (r *Remarks) List(reminded bool) []Remark {
	var all []Remark
	byColumn := func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }
	for _, of := range slices.SortedFunc(maps.Keys(r.leftOut), byColumn) {
		n := r.leftOut[of]
		all = append(all, Remark{Code: LeftOut, Envelopes: n, Provider: of[0], Column: of[1],
			Text: lang.Of("%s has no place for %s: left out in %s", of[0], of[1], envelopes(n))})
	}
	for _, note := range slices.Sorted(maps.Keys(r.notes)) {
		all = append(all, *r.notes[note])
	}
	if reminded {
		for _, provider := range slices.Sorted(maps.Keys(r.silent)) {
			x := *r.silent[provider]
			x.Text = lang.Of("%s offers no reminders: nobody is reminded of %v", provider, envelopes(x.Envelopes))
			all = append(all, x)
		}
	}
	if 2*r.personal > r.all { // a number may look like one by chance
		all = append(all, Remark{Code: PersonalIDs, Envelopes: r.personal, Text: idsOfPeople})
	}
	return all
}

var idsOfPeople = lang.Of("the ids are people's CPFs or CNPJs, and ids stand in logs, addresses and names of archived files: take another column")

func envelopes(n int) lang.Text { return lang.N(n, "%d envelope", "%d envelopes") }

// Doubt is what is probably wrong in an envelope that is right otherwise.
type Doubt struct {
	Code  string
	Field string // the column
	Text  lang.Text
}

var plainAddress = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.\pL{2,}$`)

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Doubts are those of an envelope: somebody would wait for an invitation that never comes. It may be
// right, and so it is no mistake.
func Doubts(e providers.Envelope) []Doubt {
	var all []Doubt
	if number, zeros, ok := strings.Cut(e.ID, "."); ok && digits(number) && zeros != "" && strings.Trim(zeros, "0") == "" {
		all = append(all, Doubt{DoubtfulID, "id", lang.Of("is %s as pandas and other programs write it: another id than %[1]s, under which these people may have been asked already", number)})
	}
	for i, s := range e.Signers {
		if strings.Contains(s.Name, "@") && plainAddress.MatchString(s.Name) {
			all = append(all, Doubt{DoubtfulName, fmt.Sprintf("signer%d.name", i+1), lang.Of("is an e-mail address, and stands in the contract as a name")})
		}
		if why := DoubtfulEmail(s.Email); !why.IsZero() {
			all = append(all, Doubt{DoubtfulEmailCode, fmt.Sprintf("signer%d.email", i+1), lang.Of("is probably misspelt: %v", why)})
		}
	}
	return all
}
