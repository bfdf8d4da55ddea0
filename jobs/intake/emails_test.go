package intake

import (
	"strings"
	"testing"
)

func TestEmails(t *testing.T) {
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "." + strings.Repeat("c", 57) + ".com" // 189
	for s, want := range map[string]string{
		"ana@exemplo.test":                                "ana@exemplo.test",
		"'ana@exemplo.test":                               "ana@exemplo.test", // the sign by which spreadsheets mark text
		"o'neil@exemplo.test":                             "o'neil@exemplo.test",
		"'o'neil@exemplo.test":                            "o'neil@exemplo.test",
		"ANA@EXEMPLO.TEST":                                "ANA@exemplo.test",
		"ana+lote@exemplo.test":                           "ana+lote@exemplo.test",
		"ana-@exemplo.test":                               "ana-@exemplo.test",
		"_ana@exemplo.test":                               "_ana@exemplo.test",
		"r&d@exemplo.test":                                "r&d@exemplo.test",
		"ana@a\u00e7a\u00ed.test":                         "ana@xn--aa-4iaz.test",
		"ana@AC\u0327AI\u0301.test":                       "ana@xn--aa-4iaz.test", // decomposed, in capitals
		"ana@xn--aa-4ja.test":                             "ana@xn--aa-4ja.test",
		"ana@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444": "ana@xn--80a1acny.xn--p1ai",
		"ana@stra\u00dfe.test":                            "ana@xn--strae-oqa.test",
		"ana@gmail.con":                                   "ana@gmail.con",
		"ana@ex\u200bemplo.test":                          "ana@exemplo.test",
		"pessoa1\u200b@exemplo.test":                      "pessoa1@exemplo.test",
		"\u200bana@exemplo.test\u200b\n":                  "ana@exemplo.test",
		"\u00adana@exemplo.test\u00ad":                    "ana@exemplo.test",
		strings.Repeat("a", 64) + "@exemplo.test":         strings.Repeat("a", 64) + "@exemplo.test",
		strings.Repeat("a", 64) + "@" + long:              strings.Repeat("a", 64) + "@" + long, // 254
	} {
		if got, err := parseEmail(s); err != nil || got != want {
			t.Errorf("%+q is %q, %v; want %q", s, got, err, want)
		}
	}
	for s, want := range map[string]string{
		"ana@exemplo.test'":                             "character 17 is U+0027 (apostrophe)",
		"'ana@exemplo.test'":                            "character 17 is U+0027 (apostrophe)",
		"'ana'@exemplo.test":                            "U+0027 (apostrophe) stands before the @",
		"''ana@exemplo.test":                            "begins with U+0027",
		"\u2019ana@exemplo.test":                        "character 1 is U+2019 (right single quotation mark)",
		"ana@exemplo.test.":                             "ends with a full stop",
		"ana@exemplo.test,":                             "character 17 is U+002C (comma)",
		"ana@exemplo.test;":                             "character 17 is U+003B (semicolon)",
		"ana@exemplo.test>":                             "without mailto:, a name or brackets",
		"<ana@exemplo.test>":                            "without mailto:, a name or brackets",
		"Ana Lima <ana@exemplo.test>":                   "without mailto:, a name or brackets",
		"mailto:ana@exemplo.test":                       "without mailto:",
		"ana @exemplo.test":                             "character 4 is U+0020 (space)",
		"ana@ exemplo.test":                             "character 5 is U+0020 (space)",
		"ana\u00a0lima@exemplo.test":                    "character 4 is U+00A0 (no-break space)",
		"ana\u3164lima@exemplo.test":                    "character 4 is U+3164 (hangul filler)",
		"ana@exemplo,test":                              "character 12 is U+002C (comma)",
		"ana@@exemplo.test":                             "more than one @",
		"@exemplo.test":                                 "nothing stands before the @",
		"ana@":                                          "no such domain",
		".ana@exemplo.test":                             "begins with U+002E",
		"ana.@exemplo.test":                             "U+002E (full stop) stands before the @",
		"ana..lima@exemplo.test":                        "two dots",
		"ana\uff20exemplo.test":                         "is not an e-mail address",
		"ana@exemplo\u3002test":                         "character 12 is U+3002 (ideographic full stop)",
		"ana@\uff45xemplo.test":                         "character 5 is U+FF45",
		"an\u00e1@exemplo.test":                         "character 3 is U+00E1 (latin small letter a with acute)",
		"ana@exem_plo.test":                             "character 9 is U+005F",
		"ana@-exemplo.test":                             "no such domain",
		"ana@exemplo":                                   "no ending",
		"ana@localhost":                                 "no ending",
		"ana@127.0.0.1":                                 "no ending",
		"ana@[127.0.0.1]":                               "character 5 is U+005B",
		"ana@exemplo.t":                                 "no ending",
		"ana@exemplo.123":                               "no ending",
		"ana@exemplo.test (casa)":                       "character 17 is U+0020",
		"ana@exemplo.test / bia@exemplo.test":           "more than one @",
		"ana@exemplo.test;bia@exemplo.test":             "more than one @",
		`"ana lima"@exemplo.test`:                       "character 1 is U+0022",
		"ana@GMA\u0130L.com":                            "character 8 is U+0130", // its small letter is not i
		"\u0430na@exemplo.test":                         "character 1 is U+0430 (cyrillic small letter a)",
		"ana@exem\u0440lo.test":                         "mixes alphabets: character 9 is U+0440 (cyrillic small letter er)",
		"ana@x.exem\u0440lo.test":                       "mixes alphabets: character 11 is U+0440",
		"-ana@exemplo.test":                             "begins with U+002D",
		"=ana@exemplo.test":                             "character 1 is U+003D (equals sign)",
		"+ana@exemplo.test":                             "begins with U+002B",
		"`ana@exemplo.test":                             "character 1 is U+0060",
		"|ana@exemplo.test":                             "character 1 is U+007C (vertical line)",
		"ana%40exemplo.test":                            "is not an e-mail address",
		"ana@exemplo.test?subject=x":                    "character 17 is U+003F",
		"{ana}@exemplo.test":                            "character 1 is U+007B",
		"*ana@exemplo.test":                             "character 1 is U+002A",
		"~ana@exemplo.test":                             "character 1 is U+007E",
		"/ana@exemplo.test":                             "character 1 is U+002F",
		"?ana@exemplo.test":                             "character 1 is U+003F",
		"ana@'exemplo.test":                             "character 5 is U+0027",
		"ana@exem\u00adplo.test":                        "character 9 is U+00AD (soft hyphen)", // may have been a hyphen
		"ana\u00adlima@exemplo.test":                    "character 4 is U+00AD (soft hyphen)",
		"ana\u202e@exemplo.test":                        "character 4 is U+202E",
		"an\ufffd@exemplo.test":                         "character 3 is U+FFFD",
		"an\x00@exemplo.test":                           "character 3 is U+0000",
		"ana@exemplo.test\x00":                          "character 17 is U+0000",
		"sem e-mail":                                    "is not an e-mail address",
		strings.Repeat("a", 65) + "@exemplo.test":       "has 65 characters before the @",
		strings.Repeat("a", 64) + "@" + long + "m":      "has 255 characters",
		"ana@" + strings.Repeat("a", 64) + ".test":      "no such domain",
		"ana@" + strings.Repeat("\u00e7", 60) + ".test": "no such domain",
	} {
		if got, err := parseEmail(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+q is %q, %v; want %s", s, got, err, want)
		}
	}
}
