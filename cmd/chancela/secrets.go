package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
)

// isSecret tells whether the value of a variable, without its prefix, is to be hidden and
// may come from a file.
func isSecret(name string) bool {
	return name == "REDIS_URL" || name == "API_KEYS" || strings.HasSuffix(name, "API_KEY") || strings.HasSuffix(name, "_SECRET")
}

// withFiles puts what NAME_FILE points to in the place of every secret NAME, and refuses
// secrets that cannot be meant as they stand.
func withFiles(environ map[string]string) (map[string]string, error) {
	values := make(map[string]string, len(environ))
	for name, value := range environ {
		values[name] = value
	}
	for _, f := range fields() {
		name := f.Key
		if !f.secret {
			continue
		}
		source, file := name, environ[name+"_FILE"]
		if file != "" {
			if environ[name] != "" {
				return nil, usage("%s and %s_FILE are both set: want one of them", name, name)
			}
			source = name + "_FILE"
			content, err := readSecret(file)
			if err != nil {
				return nil, usage("%s: %w", source, err)
			}
			values[name] = content
		}
		clean, err := cleanSecret(name, values[name])
		if err != nil {
			return nil, usage("%s: %w", source, err)
		}
		if clean != "" {
			values[name] = clean
		}
	}
	return values, nil
}

// mostSecret is more than any secret has: the longest are tokens of some kilobytes, and
// lists of keys.
const mostSecret = 64 << 10

// readSecret reads a secret's file, and no more of it than a secret has.
func readSecret(file string) (string, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostSecret+1))
	if err != nil {
		return "", err
	}
	if len(b) == 0 {
		return "", lang.Errorf("the file is empty")
	}
	return string(b), nil
}

// assignment is a line of a shell or of an env file.
var assignment = regexp.MustCompile(`^(export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=[^=]`)

// cleanSecret drops blanks and line ends around a secret. It refuses what an editor, a
// shell or an env file has put there, and what no request could carry: the service would
// refuse the key, or nothing could be sent at all. No error repeats the value.
func cleanSecret(name, value string) (string, error) {
	lines := name == prefix+"API_KEYS" || strings.Contains(value, "-----BEGIN") // pairs, one a line; PEM
	clean := strings.Trim(value, " \t\r\n")
	switch {
	case value == "":
		return "", nil
	case clean == "":
		return "", lang.Errorf("there is nothing but blanks")
	case len(value) > mostSecret:
		return "", lang.Errorf("it has more than %d KiB, which no secret has: want the secret alone", mostSecret>>10)
	case strings.HasPrefix(clean, "\xff\xfe"), strings.HasPrefix(clean, "\xfe\xff"):
		return "", lang.Errorf("the text is UTF-16: save it as UTF-8")
	case !utf8.ValidString(clean):
		return "", lang.Errorf("the text is not UTF-8")
	case strings.HasPrefix(clean, "\ufeff"):
		return "", lang.Errorf("it begins with a byte order mark (U+FEFF): save it as UTF-8 without one")
	case strings.ContainsAny(clean[:1]+clean[len(clean)-1:], "\"'`") || strings.ContainsAny(clean, "“”‘’"):
		return "", lang.Errorf("it stands in quotation marks: leave them out")
	case !lines && assignment.MatchString(clean):
		return "", lang.Errorf("it begins with NAME=: want the value alone")
	case !lines && strings.ContainsAny(clean, "\r\n"):
		return "", lang.Errorf("it has more than one line: want the secret alone")
	}
	if key := withoutScheme(name, clean); strings.HasSuffix(name, "_API_KEY") && strings.Contains(key, " ") {
		return "", lang.Errorf("it has a blank in it: want the key alone, without Bearer or another word in front")
	}
	place := 0
	for _, r := range clean {
		place++
		if lines && (r == '\n' || r == '\r') {
			continue
		}
		if !carried(name, r) {
			return "", lang.Errorf("its character %d is U+%04X, which cannot be meant", place, r)
		}
	}
	return clean, nil
}

// withoutScheme is a key without the scheme in front, where it may stand there.
func withoutScheme(name, key string) string {
	if slices.ContainsFunc(registry.All(), func(p registry.Provider) bool { return p.Scheme && name == p.Variable("API_KEY") }) {
		return strings.TrimPrefix(key, "Bearer ")
	}
	return key
}

// carried tells whether a secret may hold a character. A key stands in a header as it is;
// other secrets are chosen by people, who write Latin letters; files have any name.
func carried(name string, r rune) bool {
	switch {
	case unicode.IsControl(r):
		return false
	case strings.HasSuffix(name, "_API_KEY"):
		return r < utf8.RuneSelf
	case namesFile(name), name == prefix+"REDIS_URL":
		return unicode.IsPrint(r)
	}
	return r <= unicode.MaxLatin1 && unicode.IsPrint(r)
}

// namesFile tells whether a variable's value may be the path of a file.
func namesFile(name string) bool {
	return slices.ContainsFunc(registry.All(), func(p registry.Provider) bool { return p.WebhookPEM && name == p.Variable("WEBHOOK_SECRET") })
}
