package intake

import "testing"

// What is wrong with ids such as 2026/001 is the same for the whole column, with one cure, and repeats
// nobody's name or address.
func TestIDsMessageProposes(t *testing.T) {
	const general = "must be 1 to 100 letters without accents, digits, dots, underscores or hyphens: character "
	replace := func(what string) string {
		return "an id may not hold " + what + ": put - in its place in the whole column, with find and replace"
	}
	for id, want := range map[string]string{
		"2026/001":     replace("/"),
		"RH/2026/7":    replace("/"),
		`12\3`:         replace(`\`),
		"/2026/":       replace("/"),
		"Ana/Lima":     general + "4 is U+002F (solidus)",
		"Conceição/1":  general + "7 is U+00E7 (latin small letter c with cedilla)",
		"Araujo/1":     general + "7 is U+002F (solidus)",
		"ana@x.test/1": general + "4 is U+0040 (commercial at)",
		"../1":         general + "3 is U+002F (solidus)",
		"2026-001":     "",
		"CT 12:3":      replace(":, a blank"),
		"Ana 12":       general + "4 is U+0020 (space)",
	} {
		e, got := valid(), ""
		e.ID = id
		for _, p := range normalizeOn(t, &e) {
			got += p.Message.String()
		}
		if got != want || e.ID != id {
			t.Errorf("%s: %q, and is %s; want %q", id, got, e.ID, want)
		}
	}
}
