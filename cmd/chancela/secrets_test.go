package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Blanks and line ends around a key are nobody's intention; whatever else does not belong
// into a key stops the start, by the variable's name and without the value.
func TestSecretsAreCleanOrRefused(t *testing.T) {
	const name = "CHANCELA_SDOC_API_KEY"
	for value, want := range map[string]string{
		"s3cret": "s3cret", "s3cret\n": "s3cret", "s3cret\r\n": "s3cret", " s3cret \t\n\n": "s3cret", "s3cret\r": "s3cret", "QUJD==": "QUJD==", "a=": "a=", "Bearer s3cret": "Bearer s3cret",
		"\ufeffs3cret": "!byte order mark", `"s3cret"`: "!quotation", "'s3cret'": "!quotation", "“s3cret”": "!quotation", "s3cret'": "!quotation",
		"CHANCELA_SDOC_API_KEY=s3cret": "!NAME=", "export KEY=s3cret": "!NAME=", "api_key=s3cret": "!NAME=",
		"s3cret\nsecond": "!more than one line", "s3cret\r\nsecond": "!more than one line", "s3c\rret": "!more than one line",
		"s3c\x00ret": "!U+0000", "s3c\tret": "!U+0009", "s3c\u200bret": "!character 4 is U+200B", "s3c\u00a0ret": "!U+00A0", "s3cr\u0435t": "!U+0435", "s3crét": "!U+00E9",
		"\xff\xfes\x003\x00": "!UTF-16", "s3cr\xe9t": "!not UTF-8", " \n": "!nothing but blanks",
	} {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
		for variable, setting := range map[string]string{name: value, name + "_FILE": file} {
			c, err := parseConfig(map[string]string{variable: setting})
			says, refused := strings.CutPrefix(want, "!")
			switch {
			case !refused && (err != nil || c.account("sdoc").APIKey.Reveal() != want):
				t.Errorf("%s=%q: %v", variable, value, err)
			case refused && (err == nil || !strings.HasPrefix(err.Error(), variable+": ") || !strings.Contains(err.Error(), says)):
				t.Errorf("%s=%q: %v, want an error with %q", variable, value, err, says)
			case refused && (strings.Contains(err.Error(), "s3c") || statusOf(err) != exitUsage):
				t.Errorf("%v", err)
			}
		}
	}
}

// Pairs may stand one a line, and people's own secrets have people's letters.
func TestSecretsOfOtherForms(t *testing.T) {
	c, err := parseConfig(map[string]string{"CHANCELA_API_KEYS": "crm:a\r\nerp:b\r\n", "CHANCELA_SDOC_WEBHOOK_SECRET": "coração", "CHANCELA_NOTIFY_SECRET": "whsec_QUJD=="})
	if err != nil || c.APIKeys.Reveal() != "crm:a\r\nerp:b" || c.account("sdoc").WebhookSecret != "coração" {
		t.Errorf("%v", err)
	}
}
