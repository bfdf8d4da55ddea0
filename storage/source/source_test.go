package source_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/chancela/chancela/storage/source"
)

func opened(_ context.Context, name string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(name)), nil
}

func TestArchiveIsNoSource(t *testing.T) {
	for archive, c := range map[string]struct{ own, others []string }{
		"s3://contracts/2026": {
			own: []string{
				"s3://contracts/2026/june/0001/face.jpg", "s3://contracts/2026", "s3://contracts/2026/_documents/ab/abcd",
				"s3://contracts/%32026/june/face.jpg", "s3://contracts/2026%2Fjune%2fface.jpg", "s3://contracts/%2532%2530%2532%2536/face.jpg",
				"s3://contracts/docs/%2e%2e/2026/face.jpg", "s3://contracts/docs%5c..%5c2026%5cface.jpg", "s3://contracts/%2F2026/face.jpg",
			},
			others: []string{"s3://contracts/2027/a.pdf", "s3://contracts/20260/a.pdf", "s3://contracts/docs/2026/a.pdf", "s3://forms/2026/a.pdf", "s3://contracts/100%.pdf"},
		},
		"s3://contracts/Contratos/Ação/": {
			own: []string{"s3://contracts/contratos/AÇÃO/face.jpg", "s3://contracts/Contratos/Ac\u0327a\u0303o/face.jpg", "s3://contracts/CONTRATOS/a%C3%A7%C3%A3o/face.jpg"},
		},
		"s3://contracts":  {own: []string{"s3://contracts/a.pdf", "s3://contracts/x/y/z.pdf"}, others: []string{"s3://contracts2/a.pdf"}},
		"s3://Contracts/": {own: []string{"s3://contracts/a.pdf"}},
		"./archive":       {others: []string{"s3://archive/a.pdf"}},
	} {
		open := source.Outside(archive, opened)
		for _, name := range c.own {
			if _, err := open(t.Context(), name); !errors.Is(err, source.ErrOwn) {
				t.Errorf("archive %s, source %q: %v, want ErrOwn", archive, name, err)
			}
		}
		for _, name := range c.others {
			if _, err := open(t.Context(), name); err != nil {
				t.Errorf("archive %s, source %q: %v", archive, name, err)
			}
		}
	}
}

// No spelling that a server may take for another key gets as far as a server.
func TestForm(t *testing.T) {
	open := source.Outside("s3://contracts/2026", opened)
	for _, name := range []string{
		"", "s3://", "s3:///a.pdf", "s3://contracts", "s3://contracts/", "s3://contracts/a/", "S3://contracts/2026/a.pdf", "s3:/contracts/a.pdf",
		"s3://CONTRACTS/2026/a.pdf", "s3://contracts./2026/a.pdf", "s3://contracts%2F2026/a.pdf", "s3://co/a.pdf",
		"s3://contracts//2026/a.pdf", "s3://contracts/./2026/a.pdf", "s3://contracts/docs/../2026/a.pdf", `s3://contracts/docs\..\2026/a.pdf`,
		"s3://contracts/2026\x00/a.pdf", "s3://user@contracts/2026/a.pdf", "s3://contracts:443/a.pdf",
		"s3://letters/%2e%2e/contracts/2026/a.pdf", "s3://letters/a/%252e%252e/%252E./contracts/2026/a.pdf", "s3://letters/%2F../contracts/2026/a.pdf", `s3://letters/%5c..%5ccontracts/2026/a.pdf`, "s3://letters/%2e%2e",
		"s3://contracts-ap-abcdefghijklmnop-s3alias/a.pdf", "s3://arn:aws:s3:sa-east-1:123456789012:accesspoint/contracts/a.pdf",
	} {
		if content, err := open(t.Context(), name); !errors.Is(err, source.ErrForm) {
			t.Errorf("%q: %v, %v, want ErrForm", name, content, err)
		}
	}
}

func TestBelow(t *testing.T) {
	var places []source.Place
	for _, s := range []string{"s3://forms/rh/", "s3://letters"} {
		p, err := source.ParsePlace(s)
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, p)
	}
	open := source.Below(places, opened)
	for name, want := range map[string]error{
		"s3://forms/rh/a.pdf":             nil,
		"s3://letters/a/b.pdf":            nil,
		"s3://forms/rh2/a.pdf":            source.ErrNotAllowed,
		"s3://forms/a.pdf":                source.ErrNotAllowed,
		"s3://forms/RH/a.pdf":             source.ErrNotAllowed,
		"s3://forms2/rh/a.pdf":            source.ErrNotAllowed,
		"s3://forms/rh/%2e%2e/a.pdf":      source.ErrNotAllowed,
		"s3://forms/rh/%252e%252e/a.pdf":  source.ErrNotAllowed,
		"s3://forms/rh/../a.pdf":          source.ErrForm,
		"s3://forms/rh":                   source.ErrNotAllowed,
		"s3://forms/rh/%2e%2e%2fa.pdf":    source.ErrNotAllowed,
		"s3://letters/%2e%2e/forms/a.pdf": source.ErrForm,
		"s3://letters2/a.pdf":             source.ErrNotAllowed,
		"s3://forms/rh/S%C3%A3o Jo%C3o.x": nil,
	} {
		if _, err := open(t.Context(), name); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if _, err := source.Below(nil, opened)(t.Context(), "s3://forms/rh/a.pdf"); !errors.Is(err, source.ErrNotAllowed) {
		t.Errorf("nothing is allowed: %v", err)
	}
	for place, ok := range map[string]bool{"s3://forms": true, "s3://forms/": true, "s3://forms/rh": true, "forms/rh": false, "s3://": false, "s3://forms/../rh": false, "s3://Forms": false, "s3://forms/%2e%2e/letters": false, "s3://forms//rh": false} {
		if _, err := source.ParsePlace(place); (err == nil) != ok {
			t.Errorf("place %q: %v", place, err)
		}
	}
}
