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

// A scheme stands in front of a key only where the key is the whole header, no file is read
// further than a secret goes, and what is no file is said to be none.
func TestSecretsThatAreNone(t *testing.T) {
	dir := t.TempDir()
	file := func(content string) string {
		path := filepath.Join(dir, "key")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ variable, value, says string }{
		{"CHANCELA_CERTYNEO_API_KEY", "Bearer sk_test_1", "without Bearer"},
		{"CHANCELA_QISIGN_API_KEY", "Authorization: Bearer s3cret", "without Bearer"},
		{"CHANCELA_SDOC_API_KEY", "Bearer s3cret s3cret", "without Bearer"},
		{"CHANCELA_CERTYNEO_API_KEY_FILE", file("Bearer sk_test_1"), "without Bearer"},
		{"CHANCELA_CERTYNEO_API_KEY", strings.Repeat("s3cret", 20_000), "more than 64 KiB"},
		{"CHANCELA_CERTYNEO_API_KEY_FILE", "/dev/zero", "more than 64 KiB"},
		{"CHANCELA_CERTYNEO_API_KEY_FILE", dir, "is a directory"},
		{"CHANCELA_CERTYNEO_API_KEY_FILE", filepath.Join(dir, "none"), "no such file"},
		{"CHANCELA_CATALISA_WEBHOOK_SECRET", "/dev/zero", "more than 64 KiB"},
		{"CHANCELA_CATALISA_WEBHOOK_SECRET", dir, "is a directory"},
	} {
		_, err := parseConfig(map[string]string{c.variable: c.value})
		if err == nil || statusOf(err) != exitUsage || !strings.HasPrefix(err.Error(), c.variable+": ") || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %.200v, want an error with %q", c.variable, err, c.says)
		}
	}
	if c, err := parseConfig(map[string]string{"CHANCELA_SDOC_API_KEY": "Bearer s3cret"}); err != nil || c.account("sdoc").APIKey != "Bearer s3cret" {
		t.Errorf("sDoc's key is the whole header: %v", err)
	}
}

// Pairs may stand one a line, and people's own secrets have people's letters.
func TestSecretsOfOtherForms(t *testing.T) {
	c, err := parseConfig(map[string]string{"CHANCELA_API_KEYS": "crm:a\r\nerp:b\r\n", "CHANCELA_SDOC_WEBHOOK_SECRET": "coração", "CHANCELA_NOTIFY_SECRET": "whsec_QUJD=="})
	if err != nil || c.APIKeys.Reveal() != "crm:a\r\nerp:b" || c.account("sdoc").WebhookSecret != "coração" {
		t.Errorf("%v", err)
	}
}
