//go:build linux

package faulttest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/registry"
)

// row is an envelope of a generated campaign.
type row struct {
	campaign, id, provider, subject string
	intent                          string // what its people mean to do: sign, decline, expire
}

func (r row) key() string { return r.campaign + "/" + r.id }

// campaignFile is one CSV file.
type campaignFile struct {
	name, path string
	rows       []row
}

// people are marked: what stands for a person can be found in any log.
const (
	surname    = "Jacarandazinho"
	mailDomain = "fogo.example"
)

// generate writes campaigns over all five providers, with their documents.
func generate(t *testing.T, rng *rand.Rand, dir string, total, files int) (campaigns []campaignFile, private map[string]bool) {
	t.Helper()
	documents := writeDocuments(t, dir)
	private = map[string]bool{}
	people := 0
	for f := range files {
		c := campaignFile{name: fmt.Sprintf("fire-%02d", f+1)}
		c.path = filepath.Join(dir, c.name+".csv")
		var cells []map[string]string
		for n := f * total / files; n < (f+1)*total/files; n++ {
			r := row{campaign: c.name, id: fmt.Sprintf("r%05d", n), provider: registry.Names()[n%len(registry.Names())], intent: "sign"}
			r.subject = fmt.Sprintf("Lease %s of %s", r.id, c.name)
			switch p := rng.IntN(100); {
			case p < 6:
				r.intent = "decline"
			case p < 10:
				r.intent = "expire"
			}
			cell := map[string]string{"id": r.id, "provider": r.provider, "subject": r.subject, "document": documents[rng.IntN(len(documents))], "meta.row": fmt.Sprint(n)}
			if r.provider != "catalisa" && r.provider != "contraktor" && rng.IntN(3) == 0 { // those take one
				second := documents[rng.IntN(len(documents))]
				if second != cell["document"] {
					cell["document"] += "|" + second
				}
			}
			signers := 1 + rng.IntN(3)
			for s := 1; s <= signers; s++ {
				people++
				cpf := cpf(people)
				phone := fmt.Sprintf("+55119%08d", 80000000+people)
				private[cpf], private[phone[1:]], private[phone[3:]] = true, true, true
				mail := fmt.Sprintf("pessoa%d@%s", people, mailDomain)
				if s == signers && r.intent != "sign" {
					mail = r.intent + "." + mail
				}
				p := fmt.Sprintf("signer%d.", s)
				cell[p+"name"], cell[p+"email"] = "Aurora "+surname+" Dália", mail
				switch r.provider {
				case "contraktor":
					cell[p+"document"], cell[p+"role"] = cpf, "Contratante"
				case "sdoc":
					cell[p+"document"], cell[p+"type"] = cpf, "digital"
					if rng.IntN(2) == 0 {
						cell[p+"type"], cell[p+"stamp"] = "electronic", fmt.Sprintf("1,%d,155,160,40", 40+160*(s-1))
					}
				case "qisign":
					cell[p+"document"], cell[p+"phone"], cell[p+"birthdate"] = cpf, phone, "1988-04-14"
					cell[p+"channel"], cell[p+"auth"] = "email", "whatsapp"
					if s == 1 && rng.IntN(2) == 0 {
						cell[p+"id_front"], cell[p+"id_back"], cell[p+"id_type"] = "front.jpg", "back.jpg", "rg"
					}
				}
				if signers > 1 && r.provider != "sdoc" && r.provider != "qisign" && rng.IntN(2) == 0 {
					cell["ordered"] = "yes"
				}
			}
			if cell["ordered"] != "" {
				for s := 1; s <= signers; s++ {
					cell[fmt.Sprintf("signer%d.order", s)] = fmt.Sprint(s)
				}
				if r.provider == "certyneo" {
					cell["certyneo.signing_order"] = "array"
				}
				delete(cell, "ordered")
			}
			c.rows, cells = append(c.rows, r), append(cells, cell)
		}
		writeCSV(t, c.path, cells)
		campaigns = append(campaigns, c)
	}
	return campaigns, private
}

func writeCSV(t *testing.T, path string, rows []map[string]string) {
	t.Helper()
	columns := map[string]bool{}
	for _, r := range rows {
		for name := range r {
			columns[name] = true
		}
	}
	header := slices.Sorted(maps.Keys(columns))
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(header)
	for _, r := range rows {
		line := make([]string, len(header))
		for i, name := range header {
			line[i] = r[name]
		}
		_ = w.Write(line)
	}
	w.Flush()
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// cpf gives the n-th valid number.
func cpf(n int) string {
	s := fmt.Sprintf("%09d", 900000000+n)
	for range 2 {
		sum := 0
		for i, d := range s {
			sum += int(d-'0') * (len(s) + 1 - i)
		}
		s += fmt.Sprint(sum * 10 % 11 % 10)
	}
	return s
}

// writeDocuments gives the names of PDFs from one to some hundred kilobytes, and writes the
// two sides of an identity card.
func writeDocuments(t *testing.T, dir string) (names []string) {
	t.Helper()
	for n := range 6 {
		name := fmt.Sprintf("lease-%d.pdf", n+1)
		text := fmt.Sprintf("%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"+
			"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n%% %s\ntrailer<</Root 1 0 R>>\n%%%%EOF\n", strings.Repeat("lease ", n*n*2000))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	for i, name := range []string{"front.jpg", "back.jpg"} {
		img := image.NewRGBA(image.Rect(0, 0, 64, 40))
		for x := range 64 {
			for y := range 40 {
				img.SetRGBA(x, y, color.RGBA{uint8(4 * x), uint8(6 * y), uint8(100 * i), 255})
			}
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}
