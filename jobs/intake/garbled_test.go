package intake

import (
	"strings"
	"testing"
)

func TestGarbledText(t *testing.T) {
	for text, want := range map[string]string{
		"JoÃ£o":                          "character 3: Ã£ is what ã looks like",
		"nÂº 7":                          "character 2: Âº is what º looks like",
		"AdesÃ£o Ã\u00a0 polÃ\u00adtica": "character 5: Ã£",
		"Ades Ã\u00a0 pol":               "character 6: Ã\u00a0 is what à looks like",
		"AÃ\u0081GUA":                    "character 2: Ã\u0081 is what Á looks like",
		"um â€“ dois":                    "character 4: â€“ is what – looks like",
		"ï»¿id":                          "character 1: ï»¿ is what U+FEFF looks like",
		"N\uFFFDvea":                     "character 2 (U+FFFD) stands for a letter that was lost",
		"N\xedvea":                       "character 2 (U+FFFD)",
		"oi ðŸ˜€":                        "character 4: ðŸ˜€ is what 😀 looks like",
		// What people write.
		"João Araújo Conceição": "", "IRMÃ\u00a0DULCE": "", "ÂNGELA MARÇO": "", "Âmbar à vista": "", "SÃO JOSÉ": "", "VOCÊ®": "",
		"«CAMPEÃO»": "", "Łódź €5 – “dois”": "", "Ñuñoa · Çelik": "", "Zoë Müller": "", "😀 ok": "", "№ 5": "", "日本": "", "": "",
	} {
		if got := Garbled(text).String(); want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("Garbled(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestEscapedText(t *testing.T) {
	for text, want := range map[string]string{
		"Jo&atilde;o":       "holds &atilde;, which is ã as it stands in HTML",
		"Jo&#227;o":         "holds &#227;, which is ã",
		"Silva &amp; Sá":    "holds &amp;, which is & as",
		"Jo=C3=A3o Lima":    "holds =C3=A3, which is ã as it stands in quoted-printable",
		"Jo%C3%A3o":         "holds %C3%A3, which is ã as it stands in a web address",
		`Jo\u00e3o`:         `holds \u00e3, which is ã as it stands in JSON`,
		"Jo+AOM-o Lima":     "holds +AOM-, which is ã as it stands in UTF-7",
		"Silva & Sá; Irmão": "", "AT&T; Cia": "", "A+B-C": "", "Contrato+Anexo-2": "", "100%AB": "", "x=C3": "", "R$ 5 = 5%": "", `C:\u\x`: "",
	} {
		if got := Escaped(text).String(); want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("Escaped(%q) = %q, want %q", text, got, want)
		}
	}
}
