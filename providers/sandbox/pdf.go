package sandbox

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"time"
)

// pdf writes a valid PDF of one A4 page with the lines on it. The same lines give the
// same bytes.
func pdf(lines []string) []byte {
	var text strings.Builder
	text.WriteString("BT /F1 10 Tf 14 TL 56 786 Td\n")
	for _, line := range lines {
		fmt.Fprintf(&text, "(%s) Tj T*\n", pdfText(line))
	}
	text.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	id := digest(text.String())[:32]
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /ID [<%s> <%s>] >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, id, id, start)
	return b.Bytes()
}

// pdfText escapes a line for a PDF string, in WinAnsi as far as that goes.
func pdfText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= 0x20 && r < 0x7f:
			b.WriteRune(r)
		case r >= 0xa0 && r <= 0xff:
			fmt.Fprintf(&b, `\%03o`, r)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// certificate is the PDF of something that was signed: what, by whom, when.
func (r *record) certificate(title string, documents []upload) []byte {
	lines := []string{title, "Simulated: without any legal validity.", "", "Envelope " + r.id, r.title, ""}
	for _, d := range documents {
		lines = append(lines, "Document "+d.name, "SHA-256 of the original "+d.sha256)
	}
	lines = append(lines, "")
	for _, p := range r.people {
		line := p.name + " <" + p.email + "> " + string(p.state)
		if !p.acted.IsZero() {
			line += " " + p.acted.UTC().Format(time.RFC3339)
		}
		lines = append(lines, line)
	}
	return pdf(lines)
}

// portrait is a small JPEG that is the same for the same subject.
func portrait(subject string) []byte {
	sum := sha256.Sum256([]byte(subject))
	img := image.NewRGBA(image.Rect(0, 0, 48, 48))
	for y := range 48 {
		for x := range 48 {
			cell := sum[(y/8*6+x/8)%len(sum)]
			img.SetRGBA(x, y, color.RGBA{cell, sum[0] ^ cell, sum[1] + cell, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// archive is a ZIP of files, given as name and content by turns.
func archive(files ...any) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i].(string), Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(files[i+1].([]byte))
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
