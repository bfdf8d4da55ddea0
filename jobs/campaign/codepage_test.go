package campaign

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// Windows-1252 as people write it is taken; letters of older code pages are not, even
// where only one stands in the file.
func TestWindowsAndOlderCodePages(t *testing.T) {
	windows := func(s string, c *charmap.Charmap) string {
		out, err := c.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const row = "1,certyneo,SUBJECT,a.pdf,Ana,ana@example.com\n"
	for _, subject := range []string{
		"Locação d’água – “São Paulo”…", "Taxa de 5‰ • m² nº 1ª § 3º", "Marca™ Ltda.® ©", "São Paulo—capital", "Café da Irmã\u00a0Dulce", "50¢ ou £5 a €9",
		"Œuvre, Šárka, Žižka, Müller, Simón, Cœur", "¿Qué? ¡Sí!", "ÁGUA, AÇÃO, MÃE", "Æsir æ ø å", "João † 2020", "Bob’s – café",
	} {
		all, problems := read(t, head+windows(strings.Replace(row, "SUBJECT", `"`+subject+`"`, 1), charmap.Windows1252), Options{})
		if len(problems) > 0 || all[0].Envelope.Subject != subject && !strings.Contains(subject, "\u00a0") {
			t.Errorf("%s: %v", subject, problems)
		}
	}
	for subject, c := range map[string]*charmap.Charmap{
		"José": charmap.CodePage850, "Fátima": charmap.CodePage850, "Sabiá": charmap.CodePage850, "Gonçalves": charmap.CodePage437, "Antônio": charmap.CodePage850,
		"Araújo": charmap.CodePage850, "Luísa": charmap.CodePage850, "João": charmap.CodePage860, "Irmão": charmap.CodePage850, "Inês": charmap.CodePage850,
		"Simões": charmap.CodePage850, "CONCEIÇÃO": charmap.CodePage850, "FÁTIMA": charmap.CodePage850, "SIMÕES": charmap.CodePage850, "JOSÉ": charmap.CodePage850,
		"Patrícia": charmap.Macintosh, "Irene Falcão": charmap.Macintosh, "Zoé": charmap.Macintosh, "Antônia": charmap.Macintosh, "Tomás": charmap.Macintosh, "López": charmap.Macintosh,
	} {
		_, err := NewReader("june.csv", strings.NewReader(head+windows(strings.Replace(row, "SUBJECT", subject, 1), c)), Options{Document: anyDocument})
		if err == nil || !strings.HasPrefix(err.Error(), "june.csv:2:") || !strings.Contains(err.Error(), "save it again as CSV UTF-8") {
			t.Errorf("%s in %v: %v", subject, c, err)
		}
	}
}
