package fill

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// wordText are the parts of a DOCX that hold text that people read.
var wordText = regexp.MustCompile(`^word/(document|header|footer|footnotes|endnotes)[0-9]*\.xml$`)

const wordNamespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

var errDOCX = lang.Errorf("is a DOCX that cannot be read: save it again")

// fillDOCX replaces placeholders. Parts without any are copied as they are.
func fillDOCX(content []byte, values map[string]string) (Filled, error) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return Filled{}, errDOCX
	}
	f := filling{values: values, names: map[string]bool{}}
	changed := map[string][]byte{}
	left := int64(maxUnpacked)
	for _, part := range z.File {
		if !wordText.MatchString(part.Name) {
			continue
		}
		text, err := unpack(part, &left)
		if err != nil {
			return Filled{}, err
		}
		out, err := f.part(text)
		if err != nil {
			return Filled{}, err
		}
		if !bytes.Equal(out, text) {
			changed[part.Name] = out
		}
	}
	return finish(f.names, f.problems, func() ([]byte, error) { return repack(z, changed) })
}

func unpack(part *zip.File, left *int64) ([]byte, error) {
	r, err := part.Open()
	if err != nil {
		return nil, errDOCX
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, *left+1))
	if int64(len(b)) > *left {
		return nil, lang.Errorf("has more than %d MB of text, too much to be filled", maxUnpacked>>20)
	}
	if err != nil {
		return nil, errDOCX
	}
	*left -= int64(len(b))
	return b, nil
}

// repack writes the parts in their order. Changed ones are stored without compression,
// whose output is another one in another version of Go.
func repack(z *zip.Reader, changed map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range z.File {
		text, ok := changed[part.Name]
		if !ok {
			if err := w.Copy(part); err != nil {
				return nil, errDOCX
			}
			continue
		}
		out, err := w.CreateHeader(&zip.FileHeader{Name: part.Name, Method: zip.Store})
		if err == nil {
			_, err = out.Write(text)
		}
		if err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// filling replaces the placeholders of one document.
type filling struct {
	values   map[string]string
	names    map[string]bool
	problems providers.Problems
}

// piece is the text of one w:t element. Word splits what was typed at once over many.
type piece struct {
	open, to int // in the part: where its tag begins, and its text ends
	tag      string
	text     string
}

// part replaces the placeholders of one part, paragraph by paragraph.
func (f *filling) part(data []byte) ([]byte, error) {
	var out bytes.Buffer
	var done int
	paragraphs := [][]piece{nil} // those that are open: a text box stands within another's
	var changes []change
	d := xml.NewDecoder(bytes.NewReader(data))
	var text *piece
	for {
		before := int(d.InputOffset())
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errDOCX
		}
		after := int(d.InputOffset())
		last := len(paragraphs) - 1
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case t.Name.Space != wordNamespace:
			case t.Name.Local == "p":
				if len(paragraphs) > 100 {
					return nil, errDOCX
				}
				paragraphs = append(paragraphs, nil)
			case t.Name.Local == "t":
				text = &piece{open: before, tag: string(data[before:after])}
			}
		case xml.CharData:
			if text != nil {
				text.text += string(t)
			}
		case xml.EndElement:
			switch {
			case t.Name.Space != wordNamespace:
			case t.Name.Local == "p" && last > 0:
				more, err := f.paragraph(paragraphs[last])
				if err != nil {
					return nil, err
				}
				changes, paragraphs = append(changes, more...), paragraphs[:last]
			case t.Name.Local == "t" && text != nil:
				if text.to = before; !strings.HasSuffix(text.tag, "/>") {
					paragraphs[last] = append(paragraphs[last], *text)
				}
				text = nil
			}
		}
	}
	for _, c := range inOrder(changes) {
		out.Write(data[done:c.open])
		out.WriteString(c.xml())
		done = c.to
	}
	out.Write(data[done:])
	return out.Bytes(), nil
}
