package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// campaignList is a line for every campaign, with a column for every way in which envelopes end.
// A terminal in which that has no room sees those ways that occur, and one that is narrower
// still sees a sentence for each campaign.
func campaignList(all []ledger.Campaign, zone *time.Location, language lang.Language, width int) string {
	endings := slices.DeleteFunc(slices.Clone(ledger.States), func(s ledger.State) bool { return !s.Terminal() })
	table := campaignTable(all, endings, zone, language)
	if width <= 0 || widest(table) <= width {
		return table
	}
	occur := slices.DeleteFunc(endings, func(state ledger.State) bool {
		return !slices.ContainsFunc(all, func(c ledger.Campaign) bool { return c.States[state] > 0 })
	})
	if table = campaignTable(all, occur, zone, language); widest(table) <= width {
		return table
	}
	var lines strings.Builder
	for _, c := range all {
		fmt.Fprintln(&lines, fitted(language.Say(campaignLine(c, zone)), width))
	}
	return lines.String()
}

func campaignTable(all []ledger.Campaign, endings []ledger.State, zone *time.Location, language lang.Language) string {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	head := []string{language.Sprintf("CAMPAIGN"), language.Sprintf("ENVELOPES"), language.Sprintf("FINISHED")}
	for _, state := range endings {
		head = append(head, strings.ToUpper(strings.ReplaceAll(language.Say(stateWord(state)), "_", " ")))
	}
	fmt.Fprintln(w, strings.Join(append(head, language.Sprintf("SINCE"), language.Sprintf("NOTE")), "\t"))
	for _, c := range all {
		row := []string{c.Name, fmt.Sprint(c.Total), fmt.Sprint(finished(c.States))}
		for _, state := range endings {
			row = append(row, fmt.Sprint(c.States[state]))
		}
		fmt.Fprintln(w, strings.Join(append(row, language.Time(c.CreatedAt.In(zone)), language.Say(campaignNote(c))), "\t"))
	}
	_ = w.Flush() // a builder takes all
	var lines strings.Builder
	for line := range strings.Lines(table.String()) {
		lines.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return lines.String()
}

// campaignLine is a campaign in a sentence.
func campaignLine(c ledger.Campaign, zone *time.Location) lang.Text {
	parts := []lang.Text{lang.Of("%s: %d of %d finished", c.Name, finished(c.States), c.Total)}
	for _, state := range inOrder(c.States) {
		if state.Terminal() {
			parts = append(parts, lang.Of("%v %d", stateWord(state), c.States[state]))
		}
	}
	parts = append(parts, lang.Of("since %s", c.CreatedAt.In(zone)))
	if note := campaignNote(c); !note.IsZero() {
		parts = append(parts, note)
	}
	return lang.Join(parts, ", ")
}

// campaignNote is what is special about a campaign.
func campaignNote(c ledger.Campaign) lang.Text {
	var notes []lang.Text
	if c.Paused {
		notes = append(notes, lang.Of("paused"))
	}
	waits, halts := false, false
	for _, h := range report.Halts(c) {
		if h.Reason == report.HaltFirst {
			waits = waits || h.Waiting > 0
		} else {
			halts = true
		}
	}
	if waits {
		notes = append(notes, lang.Of("the first go first"))
	}
	if halts {
		notes = append(notes, lang.Of("halted"))
	}
	if c.Simulated {
		notes = append(notes, lang.Of("simulated"))
	}
	return lang.Join(notes, ", ")
}
