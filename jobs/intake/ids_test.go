package intake

import "testing"

// The message about an id names the one that is right, and repeats nobody's name or address.
func TestIDsMessageProposes(t *testing.T) {
	const general = "must be 1 to 100 letters without accents, digits, dots, underscores or hyphens: character "
	for id, want := range map[string]string{
		"2026/001":     "/ is not allowed in an id: write 2026-001",
		"RH/2026/7":    "/ is not allowed in an id: write RH-2026-7",
		`12\3`:         `\ is not allowed in an id: write 12-3`,
		"/2026/":       "/ is not allowed in an id: write 2026",
		"Ana/Lima":     general + "4 is U+002F (solidus)",
		"Conceição/1":  general + "7 is U+00E7 (latin small letter c with cedilla)",
		"Araujo/1":     general + "7 is U+002F (solidus)",
		"ana@x.test/1": general + "4 is U+0040 (commercial at)",
		"../1":         general + "3 is U+002F (solidus)",
		"2026-001":     "",
		"CT 12:3":      "a blank is not allowed in an id: write CT-12-3",
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
