package report

import (
	"cmp"
	"slices"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// End is one way in which envelopes have ended without being archived.
type End struct {
	State     ledger.State
	Code      string // of the error; empty: none was given; *: one of many
	Envelopes int64
	Providers []string
	Said      []Said
	Unsaid    int64 // envelopes whose words are not among those
}

// Said is what was said of some envelopes that ended: the error and the provider's own words, or
// why people have refused.
type Said struct {
	Provider    string
	Message     string // empty: there is nothing beside the state
	Explanation string // the provider's own words
	Envelopes   int64
	Example     string // the id of one of them
}

// Text is what was said, on one line.
func (s Said) Text() lang.Text {
	switch {
	case s.Message == "":
		return lang.Plain(s.Explanation)
	case s.Explanation == "":
		return lang.Plain(s.Message)
	}
	return lang.Of("%s; %s says: %s", s.Message, s.Provider, s.Explanation)
}

// Cure is what to do about it.
func (e End) Cure() lang.Text { return Cure(e.State, e.Code) }

// Ends are the ways in which envelopes have ended, kept small: few codes, and few words of each.
type Ends []End

// The most ways that are told apart, and the most words of each.
const (
	mostEnds = 50
	mostSaid = 4
)

// Add counts envelopes of which the same was said.
func (all *Ends) Add(state ledger.State, code string, s Said) {
	e := all.of(state, code)
	e.Envelopes += s.Envelopes
	if !slices.Contains(e.Providers, s.Provider) {
		e.Providers = append(e.Providers, s.Provider)
	}
	same := slices.IndexFunc(e.Said, func(x Said) bool {
		return x.Provider == s.Provider && x.Message == s.Message && x.Explanation == s.Explanation
	})
	switch {
	case same >= 0:
		e.Said[same].Envelopes += s.Envelopes
	case s.Message == "" && s.Explanation == "", len(e.Said) == mostSaid:
		e.Unsaid += s.Envelopes
	default:
		e.Said = append(e.Said, s)
	}
}

func (all *Ends) of(state ledger.State, code string) *End {
	find := func(code string) int {
		return slices.IndexFunc(*all, func(e End) bool { return e.State == state && e.Code == code })
	}
	i := find(code)
	if i < 0 && len(*all) >= mostEnds {
		code = "*"
		i = find(code)
	}
	if i < 0 {
		*all = append(*all, End{State: state, Code: code})
		i = len(*all) - 1
	}
	return &(*all)[i]
}

// Sort puts first what somebody can still do something about, and then what is most frequent.
func (all Ends) Sort() {
	slices.SortStableFunc(all, func(a, b End) int {
		return cmp.Or(cmp.Compare(urgency(a.State), urgency(b.State)), cmp.Compare(b.Envelopes, a.Envelopes))
	})
	for _, e := range all {
		slices.Sort(e.Providers)
		slices.SortStableFunc(e.Said, func(a, b Said) int { return cmp.Compare(b.Envelopes, a.Envelopes) })
	}
}

func urgency(s ledger.State) int {
	return slices.Index([]ledger.State{ledger.InDoubt, ledger.Failed, ledger.Declined, ledger.Expired, ledger.Canceled}, s)
}
