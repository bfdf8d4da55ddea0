package intake

import (
	"strings"
	"testing"
)

func TestBirthdates(t *testing.T) {
	for s, want := range map[string]string{
		"1984-05-17":                     "1984-05-17",
		"17/05/1984":                     "1984-05-17",
		"'17/05/1984":                    "1984-05-17",
		"1984\u201105\u201117":           "1984-05-17",
		"\u200b1984-\u200b05-17\u00a0\n": "1984-05-17",
	} {
		e := valid()
		e.Signers[0].Birthdate = s
		if problems := normalizeOn(t, &e); len(problems) > 0 || e.Signers[0].Birthdate != want {
			t.Errorf("%+q is %q, %v", s, e.Signers[0].Birthdate, problems)
		}
	}
	for s, want := range map[string]string{
		"30819":               "a spreadsheet's number of a day",
		"30819.0":             "a spreadsheet's number of a day",
		"17/05/84":            "the year with four digits",
		"5/17/84":             "the year with four digits",
		"05/17/1984":          "must be a date such as 1980-12-31 or 31/12/1980",
		"1984-05-17 00:00:00": "leave the time of day out",
		"1984-05-17T00:00:00": "leave the time of day out",
		"1984\u00a005-17":     "character 5 is U+00A0 (no-break space)",
		"1984\u00ad05-17":     "character 5 is U+00AD (soft hyphen)",
		"#N/D":                "must be a date such as",
		"0":                   "must be a date such as",
	} {
		e := valid()
		e.Signers[0].Birthdate = s
		if problems := normalizeOn(t, &e); len(problems) != 1 || !strings.Contains(problems[0].Message.String(), want) {
			t.Errorf("%+q is %q, %v; want %s", s, e.Signers[0].Birthdate, problems, want)
		}
	}
}
