package campaign

import (
	"strings"
	"testing"
)

// A row of totals at the end is one mistake, which says what to do.
func TestRowOfTotals(t *testing.T) {
	const head = "id;subject;template;signer1.name;signer1.email;meta.valor;meta.taxa\n1;s;t;Ana;a@example.com;1;2\n"
	for row, totals := range map[string]bool{
		"TOTAL;;;;;1.500,00;2": true, "Total geral;;;;;R$ 1.500,00;2%": true, ";;;;Total de contratos: 2;3;": true, ";;;;;1.500,00;2": true, "Subtotal:;x;;;;;": true,
		"2;s;t;;b@example.com;1;2": false, "Totalidade Ltda;s;t;;b@example.com;1;2": false, "2;;;5551;;1;2": false,
	} {
		_, problems, _ := told(t, "june.csv", head+row+"\n", Options{Provider: "certyneo"})
		if is := problems == ": row 3 looks like a row of totals: delete it\n"; is != totals || strings.Contains(problems, "totals") != totals {
			t.Errorf("%s: %s", row, problems)
		}
	}
}

// What we have written beside a row of totals is none of its values.
func TestRowOfTotalsThatWasRejected(t *testing.T) {
	for name, sheet := range map[string]string{
		"june.rejected.csv": "rejected.reason;id;subject;template;signer1.name;signer1.email;meta.valor\nrow 9 looks like a row of totals: delete it;TOTAL;;;;;1.500,00\n",
		"june.checked.csv":  "id;subject;template;signer1.name;signer1.email;meta.valor;check.problems\nTOTAL;;;;;1.500,00;row 9 looks like a row of totals: delete it\n",
		"july.rejected.csv": "rejected.reason;id;subject;template;signer1.name;signer1.email\nid: is empty;TOTAL;;;;\n",
	} {
		_, problems, _ := told(t, name, sheet, Options{Provider: "certyneo"})
		if problems != ": row 2 looks like a row of totals: delete it\n" {
			t.Errorf("%s: %s", name, problems)
		}
	}
}
