package pages

import (
	"strings"
	"time"

	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// choiceView is something that was chosen beside a sheet, said again before it is sent.
type choiceView struct {
	Name string // of its text
	Text lang.Text
}

// choicesOf are those of a draft.
func (p *Pages) choicesOf(v *visit, x *api.Draft) []choiceView {
	all := []choiceView{{"upload.name", lang.Plain(x.Campaign)}}
	add := func(name, value string) {
		if value = strings.TrimSpace(value); value != "" {
			all = append(all, choiceView{name, lang.Plain(value)})
		}
	}
	add("upload.provider", x.Provider)
	add("reading.sheet", x.Sheet)
	var headings []string
	for _, n := range x.Read.Names[:min(len(x.Read.Names), maxHeadings)] {
		headings = append(headings, n.Heading+" = "+v.words.columnName(n.Column))
	}
	add("choice.headings", strings.Join(headings, "; "))
	add("reading.subject", x.Subject)
	add("reading.id", x.Sending.ID) // not the draft's own
	leave := lang.Plain(v.words.t("choice.at.once"))
	if x.Hours != nil {
		leave = x.Hours.Said()
		if x.Hours.HeldUntil != nil {
			leave = lang.Plain(v.words.t("choice.held", v.words.language.Say(leave), v.words.when(x.Hours.HeldUntil)))
		}
	}
	all = append(all, choiceView{"hours.title", leave})
	if first := strings.TrimSpace(x.First); first != "" {
		all = append(all, choiceView{"hours.first", lang.Plain(v.words.t("draft.first", first))})
	}
	if rule, err := x.Sending.Reminders.Parse(); err == nil && !x.Sending.Reminders.Empty() {
		all = append(all, choiceView{"remind.title", p.reminded(v, x, rule.Said(), rule.AtMost)})
	}
	return all
}

// reminded is a rule of reminders, with the providers that cannot keep it.
func (p *Pages) reminded(v *visit, x *api.Draft, rule lang.Text, atMost int) lang.Text {
	var silent []string
	for _, provider := range p.Providers {
		name := provider.Info().Name
		if _, can := provider.(providers.Reminder); !can && x.Loads[name].Envelopes > 0 {
			silent = append(silent, name)
		}
	}
	if len(silent) == 0 || atMost == 0 {
		return rule
	}
	return lang.Plain(v.words.t("choice.silent", v.words.language.Say(rule), strings.Join(silent, ", ")))
}

// lastLeaves is when the last invitation of a draft leaves, where hours keep it back beyond what
// the providers' pace alone makes it take; zero: they do not, or nobody knows.
func lastLeaves(x *api.Draft, takes time.Duration, now time.Time) (at time.Time, never bool) {
	if x.Hours == nil {
		return time.Time{}, false
	}
	plan, err := x.Hours.Parse()
	if err != nil {
		return time.Time{}, false
	}
	at, ok := plan.Ends(now, x.Good, takes)
	if !ok {
		return time.Time{}, true
	}
	return at, false
}
