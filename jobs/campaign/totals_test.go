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
