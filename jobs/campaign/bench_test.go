package campaign

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
)

// simple is a campaign of n rows as most are.
func simple(n int) []byte {
	var b bytes.Buffer
	b.WriteString("id,provider,subject,document,signer1.name,signer1.email,signer1.document,meta.branch\n")
	for i := range n {
		fmt.Fprintf(&b, "%06d,certyneo,Contrato de locação %d,contrato.pdf,Nívea Sabiá,nivea%d@example.com,529.982.247-25,Centro\n", i, i, i)
	}
	return b.Bytes()
}

// wide is a campaign of n rows with so many signers.
func wide(n, signers int) []byte {
	var b bytes.Buffer
	b.WriteString("id,provider,subject,document")
	for i := range signers {
		fmt.Fprintf(&b, ",signer%d.name,signer%[1]d.email", i+1)
	}
	b.WriteString("\n")
	people := strings.Repeat(",Ana Sá,a@b.co", signers)
	for i := range n {
		fmt.Fprintf(&b, "%d,certyneo,s,contrato.pdf%s\n", i, people)
	}
	return b.Bytes()
}

func metas(n, columns int) []byte {
	var b bytes.Buffer
	b.WriteString("id,provider,subject,document,signer1.name,signer1.email")
	for i := range columns {
		fmt.Fprintf(&b, ",meta.m%d", i)
	}
	b.WriteString("\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,certyneo,s,contrato.pdf,Ana Sá,a@b.co%s\n", i, strings.Repeat(",x", columns))
	}
	return b.Bytes()
}

func BenchmarkRows(b *testing.B) {
	document := func(context.Context, string) (providers.Document, error) {
		return providers.Document{Name: "contrato.pdf", SHA256: strings.Repeat("0", 64), Size: 1, Type: "application/pdf"}, nil
	}
	for name, file := range map[string][]byte{"simple": simple(10_000), "signers": wide(300, 99), "meta": metas(3000, 95)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				r, err := NewReader("june.csv", bytes.NewReader(file), Options{Document: document})
				if err != nil {
					b.Fatal(err)
				}
				for row, err := range r.Rows(b.Context()) {
					if err != nil || len(row.Problems) > 0 {
						b.Fatal(err, row.Problems)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
