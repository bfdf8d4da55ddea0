package providers

import "testing"

func TestValidTaxID(t *testing.T) {
	for s, want := range map[string]bool{
		"52998224725":    true,
		"11144477735":    true,
		"39053344705":    true,
		"52998224724":    false,
		"11111111111":    false, // right digits, but nobody's
		"5299822472":     false,
		"5299822472A":    false,
		"11222333000181": true,
		"11222333000182": false,
		"00000000000000": false,
		"12ABC34501DE35": true, // the Receita Federal's own example
		"12ABC34501DE36": false,
		"12abc34501de35": false, // not clean
		"12ABC34501DEA5": false,
		"":               false,
	} {
		if got := ValidTaxID(s); got != want {
			t.Errorf("ValidTaxID(%q) = %v", s, got)
		}
	}
}

func TestCleanAndFormatTaxID(t *testing.T) {
	for _, s := range []string{"529.982.247-25", "12.ABC.345/01DE-35"} {
		if got := FormatTaxID(CleanTaxID(s)); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
}
