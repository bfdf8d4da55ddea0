package archive_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/archive"
)

func content(s string) archive.Content {
	n := min(len(s), archive.Edge)
	return archive.Content{Head: []byte(s[:n]), Size: int64(len(s))}
}

func TestChecks(t *testing.T) {
	long := strings.Repeat("x", 3*archive.Edge)
	emptyZIP := "PK\x05\x06" + strings.Repeat("\x00", 18)
	for name, c := range map[string]struct {
		contentType string
		good, bad   []string
	}{
		"PDF": {
			"application/pdf; charset=binary",
			[]string{"%PDF-1.4\n%%EOF\n", "%PDF-2.0" + long + "%%EOF\r\n\x00\x00", "\n\n%PDF-1.7" + long + "%%EOF"},
			[]string{"", "%PDF", long + "%PDF-1.7%%EOF", `{"error":"expired"}`, "<html>"},
		},
		"JPEG": {
			"image/jpeg",
			[]string{"\xff\xd8\xff\xe0" + long + "\xff\xd9", "\xff\xd8\xff\xdb\xff\xd9\x00\x00"},
			[]string{"", "\xff\xd8" + long + "\xff\xd9", " \xff\xd8\xff\xe0\xff\xd9"},
		},
		"PNG": {
			"Image/PNG",
			[]string{"\x89PNG\r\n\x1a\n" + long + "IEND\xaeB`\x82"},
			[]string{"", "PNG" + long + "IEND\xaeB`\x82"},
		},
		"ZIP": {
			"application/zip",
			[]string{emptyZIP, "PK\x03\x04" + long + emptyZIP, "PK\x03\x04" + long + emptyZIP + "comment"},
			[]string{"", "PK", long + emptyZIP},
		},
	} {
		check := archive.CheckFor(c.contentType)
		if check == nil {
			t.Errorf("no check for %s", c.contentType)
			continue
		}
		for _, s := range c.good {
			if err := check(content(s)); err != nil {
				t.Errorf("%s of %d bytes: %v", name, len(s), err)
			}
		}
		for _, s := range c.bad {
			if err := check(content(s)); !errors.Is(err, archive.ErrContent) {
				t.Errorf("not a %s, %.20q: %v, want ErrContent", name, s, err)
			}
		}
	}
	for _, other := range []string{"", "application/json", "text/csv", "application/octet-stream", "nonsense;;"} {
		if archive.CheckFor(other) != nil {
			t.Errorf("a check for %q", other)
		}
	}
}
